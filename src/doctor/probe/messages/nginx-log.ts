import type { KnownMessage } from '../known-message.ts';

const by = 'nginx, error log';

/** A line of nginx's error log: about the application behind `proxy_pass`, or about the client. */
function line(
  example: string,
  pattern: RegExp,
  code: NonNullable<KnownMessage['code']>,
  note?: string,
): KnownMessage {
  return { by, example, pattern, code, ignoresStatus: true, ...(note !== undefined && { note }) };
}

/** What nginx writes about the auth service and about the application: the upstream. */
const aboutUpstream: readonly KnownMessage[] = [
  line(
    'auth request unexpected status: 302 while sending to client',
    /auth request unexpected status: (?<inner>\d{3})/i,
    'auth-service-broken',
    'The status is what the auth service answered; the client got 500.',
  ),
  line(
    'upstream sent too big header while reading response header from upstream',
    /upstream sent too big header/i,
    'backend-unreachable',
    'The headers of an answer do not fit into proxy_buffer_size (4 or 8 KiB). In the auth location the client gets 500: "proxy_buffer_size 16k; proxy_buffers 4 16k; proxy_busy_buffers_size 32k;" there, and look at how large the cookies and identity headers have become.',
  ),
  line(
    'upstream SSL certificate verify error: (20:unable to get local issuer certificate) while SSL handshaking to upstream',
    /upstream SSL certificate (?:verify error|does not match)/i,
    'backend-unreachable',
    'nginx distrusts the certificate of the application (proxy_ssl_verify on). "proxy_ssl_trusted_certificate" takes its authority, "proxy_ssl_name" its name. It is not about the certificate that clients see.',
  ),
  line(
    'SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream',
    /(?:SSL_do_handshake\(\)|peer closed connection in SSL handshake|upstream timed out|recv\(\)|SSL_connect).*while SSL handshaking to upstream/i,
    'backend-unreachable',
    'TLS between nginx and the application fails: "proxy_pass https://" to a plain port, another TLS version, or a missing "proxy_ssl_server_name on;".',
  ),
  line(
    'upstream sent no valid HTTP/1.0 header while reading response header from upstream',
    /upstream sent (?:no valid HTTP|invalid|unexpected|unsupported|more data|duplicate)/i,
    'backend-unreachable',
    'What is behind proxy_pass does not speak HTTP/1.1 there: another port, https in the place of http, or "proxy_http_version 1.1;" is missing.',
  ),
  line(
    'upstream prematurely closed connection while reading response header from upstream',
    /upstream prematurely closed connection|(?:recv|read|send|writev)\(\) failed .*(?:response header from upstream|request to upstream)/i,
    'backend-unreachable',
  ),
  line(
    'recv() failed (104: Connection reset by peer) while proxying upgraded connection',
    /(?:recv|send|writev)\(\) failed .*while proxying upgraded connection/i,
    'socket-closed',
    'The socket was open, and the application or the client reset it.',
  ),
  line(
    'connect() failed (111: Connection refused) while connecting to upstream',
    /connect\(\) (?:failed|to \S+ failed) .*upstream|no live upstreams|could not be resolved|host not found in (?:upstream|resolver)|no resolver defined to resolve|invalid (?:URL prefix|host|port) in upstream|no (?:host|port) in upstream/i,
    'backend-unreachable',
    'With "subrequest: \\"/…\\"" in the line it is the auth service that cannot be reached, and the client gets 500.',
  ),
  line(
    'upstream timed out (110: Connection timed out) while reading upstream',
    /upstream timed out .*while (?:reading upstream|proxying upgraded connection)/i,
    'idle-cut',
    'The socket was open and silent for longer than proxy_read_timeout.',
  ),
  line(
    'upstream timed out (110: Connection timed out) while reading response header from upstream',
    /upstream timed out/i,
    'backend-timeout',
  ),
];

/** What nginx writes about the client, and about its own rules and limits. */
const aboutClient: readonly KnownMessage[] = [
  line(
    'client sent too long header line: "Cookie: …" while reading client request headers',
    /client sent too (?:long (?:header line|URI)|large request)|client sent too many (?:header lines|headers)/i,
    'request-headers-too-large',
    'The client’s request is too long, not the answer of the application: proxy_buffer_size has no say in it.',
  ),
  line(
    'client sent plain HTTP request to HTTPS port while reading client request headers',
    /client sent plain HTTP request to HTTPS port/i,
    'plain-to-tls-port',
  ),
  line(
    'client sent no required SSL certificate while reading client request headers',
    /client sent no required SSL certificate|client SSL certificate verify error/i,
    'client-certificate-wanted',
  ),
  line(
    'client sent invalid header line: "…" while reading client request headers',
    /client sent (?:invalid|duplicate|HTTP\/1\.1 request without|unsafe)/i,
    'upgrade-bad-request',
    'nginx takes the client’s request for malformed and answers 400.',
  ),
  line(
    'SSL_do_handshake() failed (SSL: error:0A000412:SSL routines::sslv3 alert bad certificate) while SSL handshaking, client: 192.0.2.7',
    /alert (?:bad certificate|unknown ca|certificate unknown|certificate expired).*while SSL handshaking, client/i,
    'tls-untrusted',
    'The client refused the certificate of this server.',
  ),
  line(
    'SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking, client: 192.0.2.7',
    /SSL_do_handshake\(\) failed .*while SSL handshaking, client|no "ssl_certificate" is defined|cannot load certificate/i,
    'tls-failed',
  ),
  {
    by,
    example: 'client intended to send too large body: 2097152 bytes',
    pattern: /client intended to send too large (?:chunked )?body/i,
    ignoresStatus: true,
    note: 'An upload is larger than client_max_body_size; the client got 413, or 500 where it was the subrequest. Handshakes have no body: "client_max_body_size 0;" in the auth location.',
  },
  line(
    'limiting requests, excess: 5.500 by zone "perip"',
    /limiting (?:requests|connections)/i,
    'upgrade-throttled',
    'limit_req or limit_conn refuses it: with 503 unless limit_req_status says 429.',
  ),
  line(
    'access forbidden by rule',
    /access forbidden by rule|directory index of .* is forbidden/i,
    'upgrade-forbidden',
  ),
  line(
    'open() "/usr/share/nginx/html/ws" failed (2: No such file or directory)',
    /(?:open|opendir|stat)\(\) ".*" failed \(2: No such file/i,
    'upgrade-not-found',
    'nginx looked for a file: no location with a proxy_pass takes this path.',
  ),
  line(
    'rewrite or internal redirection cycle while processing "/ws"',
    /rewrite or internal redirection cycle|could not find named location/i,
    'auth-service-broken',
    'nginx itself answers 500: the configuration goes round in a circle, or names a location that is not there.',
  ),
  line(
    '1024 worker_connections are not enough',
    /worker_connections are not enough|too many open files/i,
    'closed-without-answer',
    'nginx is out of connections: raise worker_connections and worker_rlimit_nofile. Each open socket takes two.',
  ),
  {
    by,
    example: 'client prematurely closed connection while proxying upgraded connection',
    pattern:
      /(?:recv|send|writev|SSL_write|SSL_read)\(\) failed .*(?:\bto client|waiting for request|reading client)|client prematurely closed connection|client (?:\S+ )?closed keepalive connection|client timed out/i,
    ignoresStatus: true,
    note: 'The client went away; the reason is on its side.',
  },
];

/** What nginx writes into its error log. Its lines about the upstream are not about the client. */
export const nginxMessages: readonly KnownMessage[] = [
  ...aboutUpstream,
  ...aboutClient,
  {
    by,
    example: '[error] 7#7: *1 something failed while connecting to upstream, client: 192.0.2.7',
    pattern:
      /\[(?:error|crit|alert)\] \d+#\d+: .*\bupstream\b(?=.*, client: )|\bupstream (?:server|SSL|prematurely|sent|timed)\b.*\b(?:fail|refus|reset|clos|error|invalid|disabled)|while (?:connecting|SSL handshaking) to upstream/i,
    code: 'backend-unreachable',
    ignoresStatus: true,
  },
];
