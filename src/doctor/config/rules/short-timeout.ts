import { describe, unreadAround } from '../analysis.ts';
import { readSeconds } from '../duration.ts';
import { insertBefore, replaceArgument } from '../edit.ts';
import { ownOrAround } from '../model/content.ts';
import { passesUpgrade } from '../model/protection.ts';
import type { Rule } from '../rule.ts';

/** Most applications that keep a socket alive send something once a minute; some do not. */
const longEnough = 600;

/** nginx closes a socket on which the backend is silent. */
export const shortTimeout: Rule = {
  code: 'PD016',
  title: 'A silent socket is closed early',
  severities: ['notice'],
  *find({ configuration, guarded }) {
    for (const entry of guarded) {
      for (const outcome of entry.admitted()) {
        if (!passesUpgrade(configuration, outcome)) continue;
        const [line] = outcome.view.effective('proxy_read_timeout');
        const proxy = ownOrAround(outcome.view, 'proxy_pass');
        const seconds = line === undefined ? 60 : readSeconds(line.args[0] ?? '');
        if (proxy === undefined || seconds === undefined || seconds >= longEnough) continue;
        if (line === undefined && unreadAround(outcome.view) !== undefined) continue;
        const isShared = line !== undefined && line.source !== entry.location.directive?.source;
        yield {
          severity: 'notice',
          at: line ?? proxy,
          about: describe(entry.location),
          meaning: `nginx closes a socket when the backend has sent nothing for ${seconds} seconds${line === undefined ? ' (its default)' : ''}. If the application sends no pings, sockets break off and are opened anew, and each time the auth service is asked.`,
          change: isShared
            ? `Write proxy_read_timeout 1d; in a copy of ${line.source.name} for locations with sockets. A second line beside the include would be a duplicate for nginx, and the auth location must not wait that long.`
            : 'In the location of the sockets: proxy_read_timeout 1d; proxy_send_timeout 1d;',
          ...(!isShared && {
            edits: [
              line === undefined
                ? insertBefore(proxy, 'proxy_read_timeout 1d;')
                : replaceArgument(line, 0, '1d'),
            ],
          }),
        };
      }
    }
  },
};
