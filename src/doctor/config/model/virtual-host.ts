import { matches } from './pattern.ts';
import type { Scope } from './scope.ts';

/** How a name in `server_name` fits a host, the strongest first (ngx_http_find_virtual_server). */
const strengths = ['exact', 'leading', 'trailing', 'regex'] as const;
type Strength = (typeof strengths)[number];

/** The server blocks that share an address, in the order of the configuration. */
export type Listener = readonly [Scope, ...Scope[]];

/** Groups server blocks by the addresses they listen on. */
export function findListeners(servers: readonly Scope[]): readonly Listener[] {
  const groups = new Map<string, [Scope, ...Scope[]]>();
  for (const server of servers) {
    for (const address of addressesOf(server)) {
      const group = groups.get(address);
      if (group === undefined) groups.set(address, [server]);
      else if (!group.includes(server)) group.push(server);
    }
  }
  return [...groups.values()];
}

/** The server block that nginx takes for a host on a listener; undefined where nobody can tell. */
export function chooseServer(listener: Listener, host: string): Scope | undefined {
  let best: { server: Scope; rank: number; length: number } | undefined;
  let isUnsure = false;
  for (const server of listener) {
    for (const name of namesOf(server)) {
      const fit = fitOf(name, host);
      if (fit === 'unknown') isUnsure = true;
      if (fit === undefined || fit === 'unknown') continue;
      const rank = strengths.indexOf(fit);
      const isBetter =
        best === undefined ||
        rank < best.rank ||
        (rank === best.rank && fit !== 'regex' && name.length > best.length);
      if (isBetter) best = { server, rank, length: name.length };
    }
  }
  if (isUnsure && (best === undefined || best.rank === strengths.indexOf('regex')))
    return undefined;
  return best?.server ?? defaultOf(listener);
}

/** The server block for hosts that none of them names. */
export function defaultOf(listener: Listener): Scope {
  const isNamed = (server: Scope) =>
    server.own('listen').some(({ args }) => args.includes('default_server'));
  return listener.find(isNamed) ?? listener[0];
}

/** Names of a server block; without regard to capitals, as nginx compares them. */
export function namesOf(server: Scope): string[] {
  return server
    .own('server_name')
    .flatMap(({ args }) => args.map((name) => (name.startsWith('~') ? name : name.toLowerCase())));
}

/** A host that a name of a server block takes; undefined for a regular expression. */
export function hostFor(name: string): string | undefined {
  if (name === '' || name === '_' || name.startsWith('~') || name.includes('$')) return undefined;
  if (name.startsWith('*.')) return `www${name.slice(1)}`;
  if (name.endsWith('.*')) return `${name.slice(0, -1)}test`;
  return name.startsWith('.') ? name.slice(1) : name;
}

/** True where a server block names a host, and does not just get it as the default. */
export function isNamed(server: Scope, host: string): boolean {
  return namesOf(server).some((name) => fitOf(name, host) !== undefined);
}

function fitOf(name: string, host: string): Strength | 'unknown' | undefined {
  if (name.startsWith('~')) {
    const fits = matches(name.slice(1), true, host);
    return fits === undefined ? 'unknown' : fits ? 'regex' : undefined;
  }
  if (name === host) return 'exact';
  if (name.startsWith('*.')) return host.endsWith(name.slice(1)) ? 'leading' : undefined;
  if (name.startsWith('.')) {
    if (host === name.slice(1)) return 'exact';
    return host.endsWith(name) ? 'leading' : undefined;
  }
  return name.endsWith('.*') && host.startsWith(name.slice(0, -1)) ? 'trailing' : undefined;
}

function addressesOf(server: Scope): string[] {
  const lines = server.own('listen').map(({ args }) => args[0] ?? '');
  const words = lines.length === 0 ? ['80'] : lines;
  return words.map((word) => {
    if (/^\d+$/.test(word)) return `*:${word}`;
    if (/^0\.0\.0\.0:/.test(word)) return word.replace('0.0.0.0', '*');
    return word.startsWith('unix:') || /:\d+$/.test(word) ? word : `${word}:80`;
  });
}
