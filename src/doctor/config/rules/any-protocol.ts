import { describe } from '../analysis.ts';
import { replaceArgument } from '../edit.ts';
import { isPosternsOwn } from '../model/gate-name.ts';
import { headersSent } from '../model/request-headers.ts';
import { h2c } from '../model/scenario.ts';
import type { Rule } from '../rule.ts';

/** `$http_upgrade` as everybody writes it. */
export const anyProtocol: Rule = {
  code: 'PD011',
  title: 'Any protocol the client names is upgraded to',
  severities: ['warning'],
  *find({ configuration, guarded }) {
    for (const entry of guarded) {
      if (isPosternsOwn(entry.location)) continue;
      for (const { view, environment } of [...entry.admitted(h2c), ...entry.passing(h2c)]) {
        const context = { configuration, scenario: h2c, environment };
        const [upgrade] = headersSent(view, 'Upgrade', context).filter(
          ({ value }) => value === 'h2c',
        );
        const [connection] = headersSent(view, 'Connection', context).filter(
          ({ value }) => value === undefined || /\bupgrade\b/i.test(value),
        );
        if (upgrade === undefined || connection === undefined) continue;
        yield {
          severity: 'warning',
          at: upgrade.directive,
          about: describe(entry.location),
          because: [connection.directive],
          meaning:
            'A client that asks for "Upgrade: h2c" gets a tunnel to a backend that speaks HTTP/2: what it sends through that passes neither auth_request nor any other rule of nginx.',
          change:
            'Send the header for WebSocket only. In http: map $http_upgrade $socket_upgrade { default ""; ~*^websocket$ websocket; } and here: proxy_set_header Upgrade $socket_upgrade;',
          ...(configuration.maps.has('socket_upgrade') && {
            edits: [replaceArgument(upgrade.directive, 1, '$socket_upgrade')],
          }),
        };
      }
    }
  },
};
