import type { FindingRule } from '../finding-rule.ts';

/** What an opened socket is good for. */
export const socketFindings = {
  'ping-answered': {
    severity: 'ok',
    title: 'The open socket answers pings',
    meaning: 'Frames pass in both directions.',
  },
  'ping-unanswered': {
    severity: 'fault',
    title: 'The socket opens, but nothing comes back through it',
    meaning:
      'Every WebSocket server answers a ping (RFC 6455, section 5.5.3), so a proxy on the path holds or drops frames.',
    change:
      'Look for a proxy that buffers, or an application that stops reading. In nginx: "proxy_buffering off;" is not needed for WebSocket, "proxy_http_version 1.1;" is.',
  },
  'socket-closed': {
    severity: 'warning',
    title: 'The server closes the socket at once',
    meaning:
      'The gate let the client in, and the application closed the socket: it may expect a message first, or its own token.',
    change: 'Look at the application’s log for the close code.',
  },
  'large-frame-passed': {
    severity: 'ok',
    title: 'A large message passes',
    meaning: 'The socket was still alive after it.',
  },
  'large-frame-refused': {
    severity: 'warning',
    title: 'A large message ends the socket',
    meaning:
      'nginx does not limit messages, so it is the application (close code 1009), or a proxy in front that does.',
    change: 'Raise the application’s limit ("maxPayload" in ws, "max_size" in Python websockets).',
  },
  'idle-survived': {
    severity: 'ok',
    title: 'A silent socket stays open',
    meaning: 'No proxy on the path closes it within this time.',
  },
  'idle-cut': {
    severity: 'warning',
    title: 'A silent socket is closed',
    meaning:
      'A proxy on the path closes silent sockets. nginx does so after proxy_read_timeout, 60 seconds unless set; load balancers and CDNs have their own limits.',
    change:
      'In the location: "proxy_read_timeout 1d; proxy_send_timeout 1d;", or let the application send pings in shorter intervals.',
  },
} as const satisfies Record<string, FindingRule>;
