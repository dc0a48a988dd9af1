import type { FindingRule } from '../finding-rule.ts';

/** No answer at all, and what a page load gets. */
export const answerFindings = {
  'no-answer': {
    severity: 'fault',
    title: 'The server takes the request and does not answer in time',
    meaning: 'Clients wait until they give up.',
    change:
      'Look for what hangs: the application, or the auth service. "proxy_read_timeout 3s;" in the auth location bounds the second. A larger --timeout tells slow from stuck.',
    terminal: true,
  },
  'closed-without-answer': {
    severity: 'fault',
    title: 'The server closes the connection without an answer',
    meaning: 'Browsers say close code 1006, programs "socket hang up" or "EOF".',
    change:
      'Look at the server’s error log. "return 444;" in a default server does this, and so does a port that speaks TLS when ws:// is used.',
    terminal: true,
  },
  'answer-not-http': {
    severity: 'fault',
    title: 'What the server answers is not HTTP/1.1',
    meaning: 'Clients fail with a protocol error.',
    change:
      'Check that this port belongs to the HTTP server. "listen … http2;" without ssl on nginx before 1.25.1 speaks HTTP/2 only.',
    terminal: true,
  },
  'answer-too-large': {
    severity: 'fault',
    title: 'The headers of the answer have no end',
    meaning: 'Clients limit them (Node.js to 16 KiB) and fail.',
    change: 'Find out what adds headers to the answer without end: cookies, more often than not.',
    terminal: true,
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
    change: 'Look at what is said of the handshake below, and at nginx’s error log.',
  },
} as const satisfies Record<string, FindingRule>;
