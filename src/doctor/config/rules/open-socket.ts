import { describe, headOf } from '../analysis.ts';
import { backendOf, type Entry, passesUpgrade } from '../model/protection.ts';
import type { Scope } from '../model/scope.ts';
import { isForSockets } from '../model/socket-paths.ts';
import type { Rule } from '../rule.ts';

/** A second location beside the protected one, which asks nobody. */
export const openSocket: Rule = {
  code: 'PD002',
  title: 'A WebSocket location asks nobody',
  severities: ['fault', 'warning'],
  *find({ configuration, entries, guarded }) {
    const protectedBackends = backendsOf(guarded);
    for (const entry of entries) {
      const known = protectedBackends.get(entry.server);
      if (entry.authRequest !== undefined || known === undefined) continue;
      for (const outcome of entry.passing()) {
        if (!passesUpgrade(configuration, outcome)) continue;
        const backend = backendOf(configuration, outcome);
        const twin = backend === undefined ? undefined : known.get(backend);
        const isSocketPath = isForSockets(entry.location);
        // Another backend may be a login portal; on a path for sockets it is the same application.
        const around = twin ?? (isSocketPath ? protectionAround(entry, guarded) : undefined);
        if (around === undefined) continue;
        const [off] = entry.location.effective('auth_request');
        const isMeant = off !== undefined || isSocketPath;
        yield {
          severity: twin !== undefined && isMeant && outcome.certain ? 'fault' : 'warning',
          at: off ?? headOf(entry.location),
          about: describe(entry.location),
          because: outcome.trace.filter(({ name }) => name === 'proxy_pass'),
          meaning: `Anybody can open a socket to ${backend ?? 'the backend'} here without signing in, while ${describe(around.location)} asks ${twin === undefined ? 'on the same site' : 'for the same application'}. A page of any other site can use its visitors' cookies for that.`,
          change:
            'Ask here too (auth_request as in the other location) and answer a denied handshake with 401. If only a program on a known network needs it: satisfy any; allow <its address>; deny all; beside auth_request.',
        };
        break;
      }
    }
  },
};

/** A protected location that this one takes requests from: without it they would be asked. */
function protectionAround(
  { location, server }: Entry,
  guarded: readonly Entry[],
): Entry | undefined {
  const { match } = location;
  return guarded.find((one) => {
    const other = one.location.match;
    if (one.server !== server || other === undefined || !('path' in other)) return false;
    if (other.kind === 'exact') return false;
    const path = match === undefined || !('path' in match) ? '/' : match.path;
    return path.startsWith(other.path);
  });
}

/** For each server: which backends stand behind an auth service, and the entry that leads there. */
export function backendsOf(guarded: readonly Entry[]): Map<Scope, Map<string, Entry>> {
  const found = new Map<Scope, Map<string, Entry>>();
  for (const entry of guarded) {
    const own = found.get(entry.server) ?? new Map<string, Entry>();
    found.set(entry.server, own);
    for (const backend of entry.backends(entry.admitted())) {
      if (!own.has(backend)) own.set(backend, entry);
    }
  }
  return found;
}
