import type { FindingRule } from '../finding-rule.ts';

/** Name, address, certificate and HTTP version: what comes before the first request. */
export const connectionFindings = {
  'dns-failed': {
    severity: 'fault',
    title: 'The host name cannot be resolved',
    meaning: 'No client can connect.',
    change:
      'Create an A or AAAA record for the name, or correct the name. To try a server before its name exists, add --connect address:port.',
    terminal: true,
  },
  'connection-failed': {
    severity: 'fault',
    title: 'The server cannot be reached',
    meaning: 'Nothing answers at this address and port, so handshakes cannot be tested.',
    change:
      'Check that the server runs and listens on this port ("ss -ltn" on the server), and that firewalls and port forwardings let the connection through.',
    terminal: true,
  },
  'address-unreachable': {
    severity: 'warning',
    title: 'Some addresses of the name do not answer',
    meaning:
      'Clients that try such an address first are slow to connect or fail. A stale AAAA record is the usual cause.',
    change: 'Make the server listen on every address that the name has, or remove the record.',
  },
  'not-encrypted': {
    severity: 'warning',
    title: 'The connection is not encrypted',
    meaning:
      'Anybody on the network path can read tokens and cookies, and pages served over https may not open ws:// sockets at all.',
    change: 'Serve the address over TLS and let clients use wss://.',
  },
  'tls-failed': {
    severity: 'fault',
    title: 'There is no TLS at this port, or client and server have no version in common',
    meaning: 'Clients of wss:// and https:// cannot connect.',
    change:
      'In the nginx server block: "listen 443 ssl;" with ssl_certificate and ssl_certificate_key, and "ssl_protocols TLSv1.2 TLSv1.3;". If the port is meant to be plain, use ws://.',
    terminal: true,
  },
  'tls-valid': {
    severity: 'ok',
    title: 'The certificate is valid',
    meaning: 'Clients that trust the usual authorities can connect.',
  },
  'tls-self-signed': {
    severity: 'fault',
    title: 'The certificate is self-signed',
    meaning:
      'Browsers report close code 1006 for the socket without a prompt, programs refuse ("self-signed certificate"). Only clients told to trust it connect.',
    change:
      'Get a certificate from an authority that clients trust (for example Let’s Encrypt). If it is intended, add --ca with the certificate to this command and to the clients.',
  },
  'tls-untrusted': {
    severity: 'fault',
    title: 'The certificate comes from an authority that is not trusted',
    meaning: 'Clients that do not know the authority refuse the connection.',
    change:
      'Use a certificate of a public authority, or give the clients the certificate of yours; this command takes it with --ca.',
  },
  'tls-incomplete-chain': {
    severity: 'fault',
    title: 'The server does not send the certificate of its issuer',
    meaning:
      'Browsers often know the missing link from elsewhere and connect; programs, phones and containers fail ("unable to verify the first certificate").',
    change:
      'Let ssl_certificate name the file with the whole chain, own certificate first: fullchain.pem, not cert.pem.',
  },
  'tls-expired': {
    severity: 'fault',
    title: 'The certificate has expired',
    meaning: 'All clients refuse the connection.',
    change: 'Renew the certificate, then "nginx -s reload": nginx reads it only then.',
  },
  'tls-not-yet-valid': {
    severity: 'fault',
    title: 'The certificate is not valid yet',
    meaning: 'Clients refuse the connection until then.',
    change: 'Check the clock of the machine that issued it, and of this one.',
  },
  'tls-expires-soon': {
    severity: 'warning',
    title: 'The certificate expires within two weeks',
    meaning: 'Automatic renewal happens earlier than this, so it may have stopped working.',
    change: 'Renew it ("certbot renew", or what you use), then "nginx -s reload".',
  },
  'tls-wrong-name': {
    severity: 'fault',
    title: 'The certificate is for another name',
    meaning: 'Clients refuse the connection: they cannot tell the server from an impostor.',
    change:
      'Get a certificate that names this host, or correct server_name: nginx answers with the default server’s certificate when no server block has the name.',
  },
  'http-versions': {
    severity: 'ok',
    title: 'The server speaks HTTP/1.1, which the handshake needs',
    meaning:
      'Browsers and programs make WebSocket handshakes over HTTP/1.1; HTTP/2 beside it, for pages, is fine.',
  },
  'http2-only': {
    severity: 'fault',
    title: 'The server does not accept HTTP/1.1',
    meaning: 'A WebSocket handshake needs HTTP/1.1, so it fails for almost every client.',
    change:
      'Let the server offer "http/1.1" beside "h2" (nginx does by default; check the load balancer or CDN in front).',
    terminal: true,
  },
} as const satisfies Record<string, FindingRule>;
