import type { FindingRule } from '../finding.ts';

/** What a client without a credential gets: a page load, and a handshake. */
export const handshakeFindings = {
  'no-answer': {
    severity: 'fault',
    title: 'The server takes the request and does not answer in time',
    meaning: 'Clients wait until they give up.',
    change:
      'Look for what hangs: the application, or the auth service. "proxy_read_timeout 3s;" in the auth location bounds the second. A larger --timeout tells slow from stuck.',
    ends: true,
  },
  'closed-without-answer': {
    severity: 'fault',
    title: 'The server closes the connection without an answer',
    meaning: 'Browsers say close code 1006, programs "socket hang up" or "EOF".',
    change:
      'Look at the server’s error log. "return 444;" in a default server does this, and so does a port that speaks TLS when ws:// is used.',
    ends: true,
  },
  'answer-not-http': {
    severity: 'fault',
    title: 'What the server answers is not HTTP/1.1',
    meaning: 'Clients fail with a protocol error.',
    change:
      'Check that this port belongs to the HTTP server. "listen … http2;" without ssl on nginx before 1.25.1 speaks HTTP/2 only.',
    ends: true,
  },
  'answer-too-large': {
    severity: 'fault',
    title: 'The headers of the answer have no end',
    meaning: 'Clients limit them (Node.js to 16 KiB) and fail.',
    change: 'Find out what adds headers to the answer without end: cookies, more often than not.',
    ends: true,
  },
  'page-redirected': {
    severity: 'ok',
    title: 'A page load is sent on',
    meaning: 'Right for people in a browser: they can follow. A handshake cannot.',
  },
  'page-denied': {
    severity: 'ok',
    title: 'A page load without a credential is denied',
    meaning: 'Nobody reads the page without signing in.',
  },
  'page-open': {
    severity: 'ok',
    title: 'A page load without a credential is answered',
    meaning: 'Right if the page is public or has a login of its own.',
  },
  'page-wants-upgrade': {
    severity: 'ok',
    title: 'The place takes WebSocket only',
    meaning: 'The request reached a WebSocket server, which has nothing to show to a page load.',
  },
  'page-not-found': {
    severity: 'ok',
    title: 'There is no page here',
    meaning: 'Many applications have nothing but the socket at this path.',
  },
  'page-error': {
    severity: 'warning',
    title: 'A page load fails',
    meaning:
      'Something is out of order there, or it is a place for WebSocket only whose server leaves page loads without an answer.',
  },
  'upgrade-denied': {
    severity: 'ok',
    title: 'A handshake without a credential gets 401',
    meaning:
      'As it should be: every client understands it. A server that opens its own public address (Grist’s self-check does) is told the same, unless its network is trusted; run this command on that server with --from-server to see it.',
  },
  'upgrade-redirected': {
    severity: 'fault',
    title: 'A handshake is redirected to a login',
    meaning:
      'No WebSocket client can sign in there: "ws" says "Unexpected server response: 302", browsers say close code 1006, Python "scheme isn\'t ws or wss". Signed-in people get through; every client without a session fails, and cannot tell why. The auth service said 401; an "error_page 401" in nginx made a redirect of it.',
    change:
      'Answer upgrades with 401 instead: "include /etc/nginx/postern/fixes/no-login-redirect.conf;" at the end of the location that has the auth_request. The file is nginx/fixes/no-login-redirect.conf of Postern, which need not run for it; docs/why-302.md tells why.',
  },
  'upgrade-to-https': {
    severity: 'fault',
    title: 'A handshake over ws:// is redirected to https',
    meaning: 'WebSocket clients do not follow redirects.',
    change: 'Let the client open wss:// instead of ws://.',
  },
  'upgrade-moved': {
    severity: 'fault',
    title: 'A handshake is redirected to another address',
    meaning: 'WebSocket clients do not follow redirects.',
    change:
      'Let the client open that address, with wss:// in the place of https://. Where only the slash at the end differs: nginx redirects "/ws" to "/ws/" when only "location /ws/" exists.',
  },
  'upgrade-open-to-everyone': {
    severity: 'warning',
    title: 'A handshake without any credential opens the socket',
    meaning:
      'Anybody who knows the address gets in; if only some networks may, yours is one of them. Right only for a public socket, or for an application that asks for a token inside the socket.',
    change:
      'If it is to be protected: "auth_request" in the location that serves this path. Look for a location of its own with "auth_request off".',
  },
  'upgrade-open-without-token': {
    severity: 'fault',
    title: 'A handshake without the token opens the socket as well',
    meaning:
      'You gave a credential, so one is expected; but nobody asks for it. Anybody who knows the address gets in, or at least anybody on your network.',
    change:
      'Put "auth_request" into the location that serves this path. Look for a location of its own with "auth_request off", for "satisfy any", and for a more specific location that wins.',
  },
  'self-check-passes': {
    severity: 'ok',
    title: 'A client without a credential on this machine gets in',
    meaning:
      'A server that opens its own public address without cookies (Grist’s self-check) succeeds. Run the same command elsewhere to see that the world does not.',
  },
  'self-check-refused': {
    severity: 'warning',
    title: 'A client without a credential on this machine is denied',
    meaning:
      'Grist’s server opens its own public address without cookies to check itself; that check is red, although users get through.',
    change:
      'Nothing, if you can live with the red check. Otherwise trust the network that this server’s requests come from: "networks.trust" of the gate in postern.yaml.',
  },
  'upgrade-ignored': {
    severity: 'fault',
    title: 'A handshake is answered like a page load',
    meaning:
      'The application never saw that the client wanted a WebSocket (clients say "Unexpected server response: 200"), or a login page was put in the place of an answer.',
    change:
      'In the location: "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;" with "map $http_upgrade $connection_upgrade { default upgrade; \'\' close; }" in http. They belong into the location itself: nginx drops inherited proxy_set_header lines where a location has one of its own. Where "error_page 401" leads to a login page, answer upgrades with 401 first (docs/why-302.md).',
  },
  'upgrade-headers-missing': {
    severity: 'fault',
    title: 'A header of the handshake does not reach the application',
    meaning: 'The application got a request that is not a complete WebSocket handshake.',
    change:
      'In the location: "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;" with "map $http_upgrade $connection_upgrade { default upgrade; \'\' close; }" in http. All three lines belong into the location itself, and into every proxy on the way.',
  },
  'upgrade-bad-request': {
    severity: 'fault',
    title: 'A handshake is called a bad request',
    meaning: 'Something on the way finds the request malformed; the answer’s text may say what.',
    change:
      'Look at the error logs of nginx and of the application at this time. A full and correct handshake was sent.',
  },
  'plain-to-tls-port': {
    severity: 'fault',
    title: 'The port wants TLS',
    meaning: 'A client that uses ws:// here gets a 400.',
    change: 'Use wss:// (or https://).',
  },
  'client-certificate-wanted': {
    severity: 'fault',
    title: 'The server wants a client certificate',
    meaning: 'Clients without one are refused before any token is looked at.',
    change: 'Give clients a certificate, or "ssl_verify_client optional;" or "off;" here.',
  },
  'upgrade-forbidden': {
    severity: 'warning',
    title: 'A handshake without a credential gets 403',
    meaning:
      'Denied, which is safe; but 403 tells clients that no credential will help. It comes from an Origin or address rule, or from "error_page 401 =403" (oauth2-proxy’s documentation has that).',
    change: 'Answer 401 where a credential would help.',
  },
  'upgrade-wants-origin': {
    severity: 'ok',
    title: 'A handshake is admitted with an Origin and refused without one',
    meaning:
      'The Origin of a page on the same host opens the socket, without a credential. That keeps other people’s pages out, but no program: those can send any Origin.',
  },
  'upgrade-not-found': {
    severity: 'fault',
    title: 'There is nothing at this path for a handshake',
    meaning:
      'The path is wrong, or no location serves it, or the application got the request without its upgrade headers and has no page there.',
    change:
      'Check the path. If it is right: "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;" in its location, and a proxy_pass that keeps the path (a slash behind the port replaces it).',
  },
  'upgrade-throttled': {
    severity: 'warning',
    title: 'A handshake is refused for too many requests',
    meaning: 'A rate limit was hit, so nothing can be said about the rest.',
    change: 'Wait and try again; look at "limit_req" and "limit_conn" if clients meet it too.',
  },
  'auth-service-broken': {
    severity: 'fault',
    title: 'A handshake ends with 500',
    meaning:
      'Behind "auth_request" this means: the auth service is down, or it answered something else than 2xx, 401 or 403 (a redirect, 400, 404), and nginx makes 500 of all of these. The error log says "auth request unexpected status: …". Otherwise the application failed.',
    change:
      'Look for "auth request unexpected status" in nginx’s error log: 302 or 307 – the service was asked as if for a page; 400 – TinyAuth since 5.2 refuses X-Original-URL and X-Forwarded-* together; 404 – the path in the auth location is wrong; 502 or 504 – it cannot be reached.',
  },
  'backend-unreachable': {
    severity: 'fault',
    title: 'The proxy cannot reach the application',
    meaning:
      'nginx answers 502 when nobody listens where proxy_pass points, or when the application closes the connection instead of answering.',
    change:
      'Check that the application runs and that proxy_pass names its address and port as nginx sees them (in a container "localhost" is the container itself). "proxy_http_version 1.1;" is needed too.',
  },
  'service-unavailable': {
    severity: 'fault',
    title: 'A handshake is told that the service is unavailable',
    meaning:
      'With a Retry-After header this is what Postern’s nginx files say when Postern cannot be reached or cannot tell; nothing is let through then. Otherwise the application or a limit says so.',
    change: 'Check that the auth service runs ("postern healthcheck"), then the application.',
  },
  'backend-timeout': {
    severity: 'fault',
    title: 'The application does not answer the proxy in time',
    meaning: 'nginx gave up waiting ("upstream timed out" in its error log).',
    change: 'Look at what the application does with the handshake, and at proxy_pass.',
  },
  'upgrade-unexpected-status': {
    severity: 'fault',
    title: 'A handshake gets an answer that no client can use',
    meaning: 'Only 101 opens a socket, and only 401 tells a client why not.',
    change: 'Find out in nginx’s access and error logs who gives this answer.',
  },
  'upgrade-bad-accept': {
    severity: 'fault',
    title: 'The server agrees to the handshake in a wrong way',
    meaning:
      'The answer is 101, but a header of it is not what RFC 6455, section 4.1, asks for. Clients close at once.',
    change: 'Look for a cache or a proxy that answers, or adds headers, in the server’s place.',
  },
  'upgrade-h2c-refused': {
    severity: 'ok',
    title: 'An upgrade to something else than WebSocket opens no tunnel',
    meaning: 'Nobody can speak past the proxy’s rules inside an h2c connection.',
  },
  'upgrade-h2c-tunnelled': {
    severity: 'fault',
    title: 'An upgrade to h2c is tunnelled to the application',
    meaning:
      'Inside the tunnel a client sends any requests it likes, to any path, and the proxy checks none of them (request smuggling by h2c).',
    change:
      'Pass on "websocket" and nothing else. In http: "map $http_upgrade $safe_upgrade { default \'\'; ~*^websocket$ websocket; } map $http_upgrade $safe_connection { default \'\'; ~*^websocket$ upgrade; }". In the location: "proxy_set_header Upgrade $safe_upgrade; proxy_set_header Connection $safe_connection;".',
  },
  'gate-reason': {
    severity: 'ok',
    title: 'The gate says why it denied the handshake',
    meaning: 'X-Postern-Reason is in the answer.',
  },
  'gate-reason-absent': {
    severity: 'ok',
    title: 'The answer does not say why',
    meaning:
      'nginx keeps X-Postern-Reason to itself unless told otherwise. The log of Postern has it.',
    change:
      'To see it here: "auth_request_set $postern_reason $upstream_http_x_postern_reason;" in the location and "add_header X-Postern-Reason $postern_reason always;" in "location @postern_denied". Take it out again afterwards.',
  },
} as const satisfies Record<string, FindingRule>;
