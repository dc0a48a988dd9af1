import type { FindingRule } from '../finding-rule.ts';

/** Answers to a handshake that are neither 101, nor 401, nor a redirect. */
export const refusalFindings = {
  'upgrade-ignored': {
    severity: 'fault',
    title: 'A handshake is answered like a page load',
    meaning:
      'The application never saw that the client wanted a WebSocket (clients say "Unexpected server response: 200"), or a login page was served instead of an answer.',
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
    title: 'A handshake is rejected as a bad request',
    meaning: 'A server on the path finds the request malformed; the answer’s text may say why.',
    change:
      'Look at the error logs of nginx and of the application at this time. A full and correct handshake was sent.',
  },
  'request-headers-too-large': {
    severity: 'fault',
    title: 'The request line or a header of the handshake is too long',
    meaning:
      'A server on the way has a buffer that is too small for it: for the path with a token, for a token in a header, or for many cookies. nginx answers 400 ("Request Header Or Cookie Too Large") or 414, others 431.',
    change:
      'In nginx, in http or in the default server of the port: "large_client_header_buffers 4 32k;" (8k unless set; one line has to fit into one buffer). Applications have a limit of their own: "node --max-http-header-size=32768", "--h11-max-incomplete-event-size" of uvicorn. Otherwise a shorter token, fewer cookies, or a session in the place of a token.',
  },
  'plain-to-tls-port': {
    severity: 'fault',
    title: 'The port requires TLS',
    meaning: 'A client that uses ws:// here gets a 400.',
    change: 'Use wss:// (or https://).',
  },
  'client-certificate-wanted': {
    severity: 'fault',
    title: 'The server requires a client certificate',
    meaning: 'Clients without one are refused before any token is checked.',
    change: 'Give clients a certificate, or "ssl_verify_client optional;" or "off;" here.',
  },
  'upgrade-forbidden': {
    severity: 'warning',
    title: 'A handshake without a credential gets 403',
    meaning:
      'Denied, which is safe; but 403 tells clients that no credential will help. It comes from a rule about Origin or addresses, or from "error_page 401 =403" (oauth2-proxy with its own sign-in page).',
    change: 'Answer 401 where a credential would help.',
  },
  'upgrade-wants-origin': {
    severity: 'ok',
    title: 'A handshake is admitted with an Origin and refused without one',
    meaning:
      'The Origin of a page on the same host opens the socket, without a credential. That keeps foreign pages out, but not programs, which can send any Origin.',
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
    meaning: 'A rate limit was reached, so the rest could not be tested.',
    change: 'Wait and try again; check "limit_req" and "limit_conn" if clients reach it too.',
  },
  'auth-service-broken': {
    severity: 'fault',
    title: 'A handshake ends with 500',
    meaning:
      'Behind "auth_request" this means: the auth service is down, or it answered something other than 2xx, 401 or 403 (a redirect, 400, 404), which nginx turns into 500. The error log says "auth request unexpected status: …". Otherwise the application failed.',
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
    title: 'A handshake gets 503: the service is unavailable',
    meaning:
      'With a Retry-After header this comes from Postern’s nginx files, when Postern is unreachable or cannot decide; all requests are denied then. Otherwise it comes from the application or a limit.',
    change: 'Check that the auth service runs ("postern healthcheck"), then the application.',
  },
  'backend-timeout': {
    severity: 'fault',
    title: 'The application does not answer the proxy in time',
    meaning: 'nginx gave up waiting ("upstream timed out" in its error log).',
    change: 'Check what the application does with the handshake, and proxy_pass.',
  },
  'upgrade-unexpected-status': {
    severity: 'fault',
    title: 'A handshake gets an answer that no client can use',
    meaning: 'Only 101 opens a socket, and only 401 tells a client why not.',
    change: 'Find out in nginx’s access and error logs who gives this answer.',
  },
} as const satisfies Record<string, FindingRule>;
