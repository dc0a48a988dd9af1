import { describe } from '../analysis.ts';
import { replaceArgument } from '../edit.ts';
import type { Rule } from '../rule.ts';

const loose = { underscores_in_headers: 'on', ignore_invalid_headers: 'off' } as const;

/** `Remote_User` is `Remote-User` to a CGI, WSGI or PHP application. */
export const oddHeaderNames: Rule = {
  code: 'PD017',
  title: 'Header names that backends confuse get through',
  severities: ['warning'],
  *find({ guarded }) {
    const servers = new Set(guarded.map(({ location }) => location.nearest('server')));
    for (const server of servers) {
      for (const [name, value] of Object.entries(loose)) {
        const line = server?.effective(name).at(-1);
        if (server === undefined || line?.args[0] !== value) continue;
        yield {
          severity: 'warning',
          at: line,
          about: describe(server),
          meaning:
            "A client can send Remote_User beside the Remote-User that nginx sets. Applications behind CGI, WSGI or PHP-FPM see both as HTTP_REMOTE_USER, and some take the client's. Without this line nginx drops such names.",
          change: `Take the line away, or write: ${name} ${value === 'on' ? 'off' : 'on'};`,
          edits: [replaceArgument(line, 0, value === 'on' ? 'off' : 'on')],
        };
      }
    }
  },
};
