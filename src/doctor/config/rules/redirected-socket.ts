import { describe } from '../analysis.ts';
import { isRedirect } from '../model/error-page.ts';
import { isForSockets } from '../model/socket-paths.ts';
import type { Rule } from '../rule.ts';

/** `location /ws { return 308 /ws/; }` */
export const redirectedSocket: Rule = {
  code: 'PD043',
  title: 'A path for sockets answers with a redirect',
  severities: ['fault', 'warning'],
  *find({ entries }) {
    for (const entry of entries) {
      if (!isForSockets(entry.location)) continue;
      for (const outcome of entry.outcomes('allow')) {
        if (outcome.kind !== 'answered' || !isRedirect(outcome.status)) continue;
        const at = outcome.trace.findLast(({ name }) => name === 'return' || name === 'rewrite');
        if (at === undefined || outcome.trace.some(({ name }) => name === 'auth_request')) continue;
        yield {
          severity: outcome.certain ? 'fault' : 'warning',
          at,
          about: describe(entry.location),
          because: outcome.trace.filter((one) => one !== at && one.name === 'if'),
          meaning: `A handshake here gets ${outcome.status}. WebSocket clients follow no redirect, be it to the same path with a slash, to https or to another host: programs report "Unexpected server response: ${outcome.status}", browsers close code 1006.`,
          change:
            'Serve the handshake where it arrives: proxy_pass in this location, with the path that the backend wants (rewrite … break;). A redirect for pages may stay behind: if ($http_upgrade = "") { return …; }.',
        };
      }
    }
  },
};
