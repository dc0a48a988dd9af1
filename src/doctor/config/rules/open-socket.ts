import { describe, headOf } from '../ground.ts';
import { backendOf, type Entry, passesUpgrade } from '../model/protection.ts';
import type { Scope } from '../model/scope.ts';
import type { Rule } from '../rule.ts';

/** A second location beside the protected one, which asks nobody. */
export const openSocket: Rule = {
  code: 'PD002',
  title: 'A WebSocket location asks nobody',
  severities: ['fault', 'warning'],
  *find({ configuration, entries, guarded }) {
    const protectedBackends = backendsOf(guarded);
    for (const entry of entries) {
      if (entry.authRequest !== undefined) continue;
      for (const end of entry.passing()) {
        if (!passesUpgrade(configuration, end)) continue;
        const server = entry.server;
        const backend = backendOf(configuration, end);
        const known = server === undefined ? undefined : protectedBackends.get(server);
        const twin = backend === undefined ? undefined : known?.get(backend);
        if (twin === undefined) continue;
        const [off] = entry.location.effective('auth_request');
        const isMeant = off !== undefined || looksLikeSocket(entry.location);
        yield {
          severity: isMeant && end.certain ? 'fault' : 'warning',
          at: off ?? headOf(entry.location),
          about: describe(entry.location),
          because: end.trail.filter(({ name }) => name === 'proxy_pass'),
          meaning: `Anybody can open a socket to ${backend} here without signing in, while ${describe(twin.location)} asks for the same application. A page of any other site can use its visitors' cookies for that.`,
          change:
            'Ask here too (auth_request as in the other location) and answer a denied handshake with 401. If only a program on a known network needs it: satisfy any; allow <its address>; deny all; beside auth_request.',
        };
        break;
      }
    }
  },
};

/** For each server: which backends stand behind an auth service, and the entry that leads there. */
export function backendsOf(guarded: readonly Entry[]): Map<Scope, Map<string, Entry>> {
  const found = new Map<Scope, Map<string, Entry>>();
  for (const entry of guarded) {
    const server = entry.server;
    if (server === undefined) continue;
    const own = found.get(server) ?? new Map<string, Entry>();
    found.set(server, own);
    for (const backend of entry.backends()) if (!own.has(backend)) own.set(backend, entry);
  }
  return found;
}

function looksLikeSocket({ match }: Scope): boolean {
  if (match === undefined || match.kind === 'named') return false;
  const path = match.kind === 'regex' ? match.pattern : match.path;
  return /\b(ws|wss|websockets?|sockjs|signalr|cable|realtime)\b|socket/i.test(path);
}
