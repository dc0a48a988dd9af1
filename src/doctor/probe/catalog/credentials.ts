import type { FindingRule } from '../finding-rule.ts';

/** What credentials are good for, and for whom. */
export const credentialFindings = {
  'token-accepted': {
    severity: 'ok',
    title: 'The token opens the socket',
    meaning: 'Clients may present it in the ways named.',
  },
  'token-refused-in-some-ways': {
    severity: 'warning',
    title: 'The token opens the socket in some ways only',
    meaning: 'Correct if the gate accepts the other ways only.',
    change:
      'If clients are to use these ways too, add them to the "sources" of the gate, and let the auth location pass on Authorization, Cookie and Sec-WebSocket-Protocol.',
  },
  'token-refused': {
    severity: 'fault',
    title: 'The token does not open the socket in any way',
    meaning: 'It is expired, revoked or for another gate, or the auth service does not receive it.',
    change:
      'Look at the log of the auth service; for Postern: "postern token show ID", or --gate-reason. The auth location must pass on the URI (X-Original-URI), Authorization, Cookie and Sec-WebSocket-Protocol.',
  },
  'cookie-accepted': {
    severity: 'ok',
    title: 'The cookie opens the socket',
    meaning: 'A page on the same host gets in with its session.',
  },
  'cookie-refused': {
    severity: 'fault',
    title: 'The cookie does not open the socket',
    meaning:
      'The session has ended, or the cookie does not reach the auth service, or the Origin of the host itself is refused.',
    change:
      'Copy a current cookie from a signed-in browser, completely (name=value; several separated by "; "). If it is current: does the auth location pass on Cookie and Host?',
  },
  'cross-site-refused': {
    severity: 'ok',
    title: 'A foreign page cannot use the cookie',
    meaning: 'The handshake with a foreign Origin is refused (cross-site WebSocket hijacking).',
  },
  'cross-site-accepted': {
    severity: 'fault',
    title: 'A foreign page can open the socket with the visitor’s cookie',
    meaning:
      'Cross-site WebSocket hijacking: browsers add the cookie to requests of any page, and the same-origin policy does not cover WebSocket. Only a check of Origin keeps such pages out, and SameSite does not help against sibling hosts.',
    change:
      'Check Origin in the gate (Postern does for cookies), in the application, or in nginx. In http: "map $http_origin $foreign_origin { default 1; \'\' 0; https://your.host 0; }"; in the location, before everything else: "if ($foreign_origin) { return 403; }". (Not 401: an error_page for it would redirect the handshake to the login.)',
  },
  'ticket-single-use': {
    severity: 'ok',
    title: 'The ticket opens one socket and no second one',
    meaning: 'Anybody who reads it in a log later cannot use it.',
  },
  'ticket-reusable': {
    severity: 'fault',
    title: 'The ticket opens a second socket',
    meaning: 'It is not a ticket but a token, or the auth answer is cached.',
    change:
      'Issue it as a ticket ("postern ticket issue"), and look for "proxy_cache" in the auth location.',
  },
  'ticket-refused': {
    severity: 'fault',
    title: 'The ticket does not open the socket',
    meaning: 'It has expired (tickets live seconds), was used already, or is for another gate.',
    change: 'Issue a new one and run this immediately, or extend its lifetime (--expires-in 2m).',
  },
  'subprotocol-confirmed': {
    severity: 'ok',
    title: 'The offered subprotocol is confirmed',
    meaning: 'Browsers keep the socket open.',
  },
  'subprotocol-missing': {
    severity: 'fault',
    title: 'Subprotocols were offered and none is confirmed',
    meaning:
      'Browsers and "ws" close the socket ("Sent non-empty \'Sec-WebSocket-Protocol\' header but no response was received", "Server sent no subprotocol").',
    change:
      'Let the application choose one of those offered. For a token in a subprotocol offer "postern" beside it, and keep the last lines of postern-location.conf, which confirm it.',
  },
  'subprotocol-not-offered': {
    severity: 'fault',
    title: 'A subprotocol is confirmed that was not offered',
    meaning: 'Clients close the socket ("Server sent an invalid subprotocol").',
    change: 'Let the application choose from what the client offers, or answer with none.',
  },
  'token-echoed': {
    severity: 'fault',
    title: 'The token comes back in the answer',
    meaning: 'A token in an answer ends up in logs, caches and developer tools.',
    change:
      'Remove the subprotocol with the token before it reaches the application: "auth_request_set $postern_subprotocols $upstream_http_x_postern_subprotocols; proxy_set_header Sec-WebSocket-Protocol $postern_subprotocols;" (postern-location.conf has this). Otherwise the application must omit it.',
  },
} as const satisfies Record<string, FindingRule>;
