import type { FindingRule } from '../finding-rule.ts';

/** No answer at all, and what a page load gets. */
export const answerFindings = {
  'no-answer': {
    severity: 'fault',
    title: 'The server accepts the request and does not answer in time',
    meaning: 'Clients wait until they give up.',
    change:
      'Find out what hangs: the application, or the auth service. "proxy_read_timeout 3s;" in the auth location limits the second. A larger --timeout tells slow from stuck.',
    terminal: true,
  },
  'closed-without-answer': {
    severity: 'fault',
    title: 'The server closes the connection without an answer',
    meaning: 'Browsers report close code 1006, programs "socket hang up" or "EOF".',
    change:
      'Look at the server’s error log. "return 444;" in a default server does this, and so does a port that speaks TLS when ws:// is used.',
    terminal: true,
  },
  'answer-not-http': {
    severity: 'fault',
    title: 'The server’s answer is not HTTP/1.1',
    meaning: 'Clients fail with a protocol error.',
    change:
      'Check that this port belongs to the HTTP server. "listen … http2;" without ssl on nginx before 1.25.1 speaks HTTP/2 only.',
    terminal: true,
  },
  'answer-too-large': {
    severity: 'fault',
    title: 'The headers of the answer are too large',
    meaning: 'Clients limit them (Node.js to 16 KiB) and fail.',
    change: 'Find out what adds so many headers to the answer: usually cookies.',
    terminal: true,
  },
  'page-redirected': {
    severity: 'ok',
    title: 'A page load is redirected',
    meaning: 'Correct for people in a browser, who can follow. A handshake cannot.',
  },
  'page-denied': {
    severity: 'ok',
    title: 'A page load without a credential is denied',
    meaning: 'The page cannot be read without signing in.',
  },
  'page-open': {
    severity: 'ok',
    title: 'A page load without a credential is answered',
    meaning: 'Correct if the page is public or has its own login.',
  },
  'page-wants-upgrade': {
    severity: 'ok',
    title: 'The address accepts WebSocket only',
    meaning: 'The request reached a WebSocket server, which has nothing to show to a page load.',
  },
  'page-not-found': {
    severity: 'ok',
    title: 'There is no page at this address',
    meaning: 'Many applications have only the socket at this path.',
  },
  'page-error': {
    severity: 'warning',
    title: 'A page load fails',
    meaning:
      'The server has a fault, or the address accepts WebSocket only and does not answer page loads.',
    change: 'Read the findings about the handshake below, and nginx’s error log.',
  },
} as const satisfies Record<string, FindingRule>;
