import { type KnownMessage, status } from '../known-message.ts';

/** Words that many have in common; these come last. */
export const generalMessages: readonly KnownMessage[] = [
  {
    by: 'programs with OpenSSL',
    example: 'unable to verify the first certificate',
    pattern:
      /unable to verify the first certificate|UNABLE_TO_VERIFY_LEAF_SIGNATURE|unable to get (?:local )?issuer certificate/i,
    code: 'tls-incomplete-chain',
    followsRedirects: true,
  },
  {
    by: 'programs with OpenSSL',
    example: 'certificate has expired',
    pattern:
      /certificate has expired|CERT_HAS_EXPIRED|certificate expired|CertificateExpiredException/i,
    code: 'tls-expired',
    followsRedirects: true,
  },
  {
    by: 'programs with OpenSSL',
    example: 'certificate is not yet valid',
    pattern: /certificate is not yet valid|CERT_NOT_YET_VALID|CertificateNotYetValidException/i,
    code: 'tls-not-yet-valid',
    followsRedirects: true,
  },
  {
    by: 'Node.js, Go, Java, curl and others',
    example: "Hostname/IP does not match certificate's altnames",
    pattern:
      /ERR_TLS_CERT_ALTNAME_INVALID|does not match certificate's altnames|no alternative certificate subject name matches|certificate is (?:not )?valid for |hostname mismatch|No subject alternative (?:DNS )?name|doesn't match (?:either of|the host)|hostname \S+ not verified/i,
    code: 'tls-wrong-name',
    followsRedirects: true,
  },
  {
    by: 'Node.js, Python, Go, Java, curl and others',
    example: 'self-signed certificate',
    pattern:
      /self[- ]signed certificate|DEPTH_ZERO_SELF_SIGNED_CERT|signed by unknown authority|PKIX path building failed|unknown ?issuer|invalid peer certificate|CERTIFICATE_VERIFY_FAILED|certificate verify failed|trust anchor for certification path not found|remote certificate is invalid/i,
    code: 'tls-untrusted',
    followsRedirects: true,
  },
  {
    by: 'curl',
    example: 'curl: (22) Refused WebSockets upgrade: 302',
    pattern: new RegExp(`refused websockets? upgrade: ${status}`, 'i'),
  },
  {
    by: 'curl',
    example: 'curl: (1) Protocol "ws" not supported or disabled in libcurl',
    pattern: /protocol "?wss?"? (?:is )?not supported/i,
    note: 'curl itself lacks WebSocket; ask with https:// and the headers Connection: Upgrade and Upgrade: websocket.',
  },
  {
    by: 'curl, Node.js, Python and others',
    example: 'curl: (52) Empty reply from server',
    pattern:
      /empty reply from server|socket hang up|server disconnected|header parser received no bytes|other side closed|remotely closed|EOFException|connector has been disconnected|failed to connect to websocket: EOF|socket is not connected|premature connection close|\bECONNRESET\b|connection reset by peer|unexpected EOF$|: EOF$/im,
    code: 'closed-without-answer',
    followsRedirects: true,
  },
  {
    by: 'curl and programs with OpenSSL',
    example: 'SSL routines::wrong version number',
    pattern:
      /wrong[_ ]version[_ ]number|first record does not look like a TLS handshake|packet length too long|InvalidContentType|unsupported or unrecognized SSL message/i,
    code: 'tls-failed',
    followsRedirects: true,
  },
  {
    by: 'Node.js, Python, Go, Java, curl and others',
    example: 'connect ECONNREFUSED 192.0.2.7:443',
    pattern:
      /\bECONNREFUSED\b|connection refused|connect call failed|\bEHOSTUNREACH\b|\bENETUNREACH\b|\bETIMEDOUT\b|no route to host|network is unreachable|ConnectionRefusedError|actively refused|error 61\b|Connection timed out/i,
    code: 'connection-failed',
    followsRedirects: true,
  },
  {
    by: 'Node.js, Python, Go, Java, curl and others',
    example: 'getaddrinfo ENOTFOUND app.example.com',
    pattern:
      /\bENOTFOUND\b|\bEAI_AGAIN\b|name or service not known|no such host|nodename nor servname|could not resolve host|temporary failure in name resolution|no address associated with hostname|failed host lookup/i,
    code: 'dns-failed',
    followsRedirects: true,
  },
  {
    by: 'browsers, the close event',
    example: 'WebSocket closed with code 1006',
    pattern: /\b1006\b|abnormal(?:ly)? clos(?:ure|ed)/i,
    note: 'Pages are told 1006 for every failed handshake, and for every socket that is cut without a close frame. If it opened first, see "idle-cut"; if it never did, "postern doctor probe wss://…" shows the status.',
  },
  {
    by: 'curl, or an access log',
    example: 'HTTP/1.1 302 Moved Temporarily',
    pattern: new RegExp(`HTTP/(?:1\\.[01]|2|3)"? ${status}`, 'i'),
  },
];
