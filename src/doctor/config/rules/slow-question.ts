import { describe, headOf, unreadAround } from '../analysis.ts';
import { readSeconds } from '../duration.ts';
import { insertInto } from '../edit.ts';
import { keepsConnections } from '../kept-connections.ts';
import type { Configuration } from '../model/configuration.ts';
import { ownOrAround } from '../model/content.ts';
import type { Rule } from '../rule.ts';

/** What people wait for a page before they give up. */
const patienceSeconds = 30;

/** Nothing is admitted while the auth service hangs. */
export const hangingAuth: Rule = {
  code: 'PD024',
  title: 'A hanging auth service holds every request for long',
  severities: ['notice'],
  *find({ authLocations }) {
    for (const { location } of authLocations) {
      const proxy = ownOrAround(location, 'proxy_pass');
      if (proxy === undefined || unreadAround(location) !== undefined) continue;
      const waits = ['proxy_connect_timeout', 'proxy_read_timeout'].map((name) => {
        const [line] = location.effective(name);
        return { name, line, seconds: line === undefined ? 60 : readSeconds(line.args[0] ?? '') };
      });
      const long = waits.filter(({ seconds }) => (seconds ?? 0) > patienceSeconds);
      const [first] = long;
      if (first === undefined) continue;
      const lines = ['proxy_connect_timeout 2s;', 'proxy_read_timeout 5s;'];
      const shared = long.find(
        ({ line }) => line && line.source !== location.directive?.source,
      )?.line;
      const isFree = long.every(
        ({ line }) => line === undefined || !location.directives.includes(line),
      );
      yield {
        severity: 'notice',
        at: first.line ?? proxy,
        about: describe(location),
        meaning: `${long.map(({ name, seconds, line }) => `${name} is ${seconds} seconds${line === undefined ? ' by default' : ''}`).join(', ')}: while the auth service hangs, every request waits that long and occupies a connection.`,
        change:
          shared === undefined
            ? `In the auth location: ${lines.join(' ')}`
            : `${shared.source.name} says so; write what the auth location needs out in place of that include, with ${lines.join(' ')} (a second line beside the include would be a duplicate for nginx).`,
        ...(isFree && {
          edits: [
            insertInto(
              headOf(location),
              ...lines.filter((line) => long.some(({ name }) => line.startsWith(name))),
            ),
          ],
        }),
      };
    }
  },
};

/** Each question over a connection of its own. */
export const noKeepalive: Rule = {
  code: 'PD025',
  title: 'Every question to the auth service takes a new connection',
  severities: ['notice'],
  *find({ configuration, authLocations }) {
    for (const { location } of authLocations) {
      const proxy = ownOrAround(location, 'proxy_pass');
      const target = proxy?.args[0] ?? '';
      if (proxy === undefined || unreadAround(location) !== undefined) continue;
      const { keeps, hasPool, pool } = keepsConnections(configuration, location);
      if (keeps) continue;
      if (configuration.isFragment && isPerhapsUpstream(configuration, target)) {
        yield {
          severity: 'notice',
          at: proxy,
          about: describe(location),
          meaning: `This is a piece of a configuration, so it cannot be known whether ${target} is an upstream with keepalive, which would stand in http. Without one every question takes a new connection, which halves the number of requests a machine can admit.`,
          change: 'Give the doctor everything: nginx -T 2>&1 | postern doctor config -',
        };
        continue;
      }
      const why =
        target.includes('$') && !hasPool
          ? 'an address with a variable has no pool of connections'
          : hasPool
            ? 'the pool of the upstream goes unused without HTTP/1.1 and an empty Connection'
            : 'there is no upstream with keepalive';
      yield {
        severity: 'notice',
        at: proxy,
        about: describe(location),
        because: pool === undefined ? [] : [pool],
        meaning: `Here ${why}. That halves the number of requests a machine can admit.`,
        change:
          'In http: upstream auth { server <address>; keepalive 32; } and in the auth location: proxy_pass http://auth; proxy_http_version 1.1; proxy_set_header Connection "";',
      };
    }
  },
};

/** A name without dots and port may be that of an upstream elsewhere. */
function isPerhapsUpstream({ upstreams }: Configuration, target: string): boolean {
  const host = /^https?:\/\/([A-Za-z][\w-]*)(?:\/|$)/.exec(target)?.[1];
  return host !== undefined && host !== 'localhost' && !upstreams.has(host);
}
