import { describe, unreadAround } from '../analysis.ts';
import { insertBefore, replaceArgument } from '../edit.ts';
import { ownOrAround } from '../model/content.ts';
import { passesUpgrade } from '../model/protection.ts';
import type { Rule } from '../rule.ts';
import { isBefore } from '../version.ts';

/** Since then nginx talks HTTP/1.1 to backends unless told otherwise. */
const defaultSince = '1.29.7';

/** HTTP/1.0 knows no upgrade. */
export const httpVersion: Rule = {
  code: 'PD004',
  title: 'A WebSocket backend is spoken to in HTTP/1.0',
  severities: ['warning'],
  *find({ configuration, entries }) {
    const { version } = configuration;
    for (const entry of entries) {
      for (const outcome of [...entry.admitted(), ...entry.passing()]) {
        if (!passesUpgrade(configuration, outcome)) continue;
        const [line] = outcome.view.effective('proxy_http_version');
        const isOld = version === undefined || isBefore(version, defaultSince);
        const proxy = ownOrAround(outcome.view, 'proxy_pass');
        if (proxy === undefined || (line !== undefined ? line.args[0] !== '1.0' : !isOld)) continue;
        if (line === undefined && unreadAround(outcome.view) !== undefined) continue;
        yield {
          severity: 'warning',
          at: line ?? proxy,
          about: describe(entry.location),
          meaning: `nginx ${line === undefined ? `before ${defaultSince} speaks` : 'is told to speak'} HTTP/1.0 to the backend. There is no upgrade in HTTP/1.0: strict backends refuse such a handshake (Python's websockets does), lenient ones let it pass (ws for Node.js).`,
          change: 'Add: proxy_http_version 1.1;',
          edits: [
            line === undefined
              ? insertBefore(proxy, 'proxy_http_version 1.1;')
              : replaceArgument(line, 0, '1.1'),
          ],
        };
      }
    }
  },
};
