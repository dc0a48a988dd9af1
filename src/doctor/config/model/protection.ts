import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { Configuration } from './configuration.ts';
import { ownOrAround } from './content.ts';
import type { AuthAnswer, End } from './end.ts';
import { travel } from './journey.ts';
import { headersSent } from './request-headers.ts';
import { handshake, type Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import { evaluateBeginning } from './value.ts';

/** A proxied end of a journey. */
export type Proxied = Extract<End, { kind: 'proxied' }>;

/**
 * A location that clients can reach, and what becomes of handshakes there. Journeys are made once
 * and kept.
 */
export class Entry {
  readonly location: Scope;
  readonly server: Scope;
  readonly #configuration: Configuration;
  readonly #kept = new Map<string, readonly End[]>();

  constructor(configuration: Configuration, server: Scope, location: Scope) {
    this.#configuration = configuration;
    this.server = server;
    this.location = location;
  }

  /** All ends that a request to this location may take. */
  ends(answer: AuthAnswer, scenario: Scenario = handshake): readonly End[] {
    const key = `${answer} ${scenario.name}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const ends = travel(this.#configuration, this.location, scenario, answer);
    this.#kept.set(key, ends);
    return ends;
  }

  /** Where requests go that the auth service has admitted. */
  admitted(scenario: Scenario = handshake): readonly Proxied[] {
    return this.ends('allow', scenario).filter(
      (end): end is Proxied => end.kind === 'proxied' && end.authenticated,
    );
  }

  /** Where requests go although nobody has admitted them. */
  passing(scenario: Scenario = handshake): readonly Proxied[] {
    return this.ends('deny', scenario).filter(
      (end): end is Proxied => end.kind === 'proxied' && !end.authenticated && !isErrorPage(end),
    );
  }

  /** The backends at some ends: at all of them, with or without an admission, if none are named. */
  backends(
    ends: readonly Proxied[] = [...this.admitted(), ...this.passing()],
  ): ReadonlySet<string> {
    return new Set(ends.flatMap((end) => backendOf(this.#configuration, end) ?? []));
  }

  /** The `auth_request` in force in the location itself; undefined where it is off. */
  get authRequest(): Directive | undefined {
    const [auth] = this.location.effective('auth_request');
    return auth?.args[0] === 'off' ? undefined : auth;
  }

  /** An admitted handshake reaches a backend, with the headers that make it one. */
  get carriesSockets(): boolean {
    return this.admitted().some((end) => passesUpgrade(this.#configuration, end));
  }
}

/** True where the backend is asked to upgrade: `Upgrade` may arrive with a value. */
export function passesUpgrade(
  configuration: Configuration,
  { view, environment }: Proxied,
): boolean {
  const sent = headersSent(view, 'Upgrade', { configuration, scenario: handshake, environment });
  return sent.some(({ value }) => value !== '');
}

/** A page that stands for an error is not the application. */
export function isErrorPage({ trail }: End): boolean {
  const at = trail.findLastIndex(({ name }) => name === 'auth_request');
  return at !== -1 && trail.slice(at).some(({ name }) => name === 'error_page');
}

/** Where proxy_pass leads, as far as it is known: `http://grist:8484`. */
export function backendOf(
  configuration: Configuration,
  { view, environment }: Pick<Proxied, 'view' | 'environment'>,
): string | undefined {
  const proxy = ownOrAround(view, 'proxy_pass');
  if (proxy === undefined) return undefined;
  const setting = { configuration, scenario: handshake, environment };
  const text = evaluateBeginning(proxy.args[0] ?? '', setting);
  return /^\w+:\/\/[^/$]+/.exec(text)?.[0].toLowerCase();
}

/** Every location that a client can ask for, in the order of the configuration. */
export function findEntries(configuration: Configuration): readonly Entry[] {
  const entries: Entry[] = [];
  const collect = (parent: Scope, server: Scope): void => {
    for (const location of parent.locations()) {
      const isInternal = location.effective('internal').length > 0;
      if (location.match?.kind !== 'named' && !isInternal) {
        entries.push(new Entry(configuration, server, location));
      }
      collect(location, server);
    }
  };
  for (const server of configuration.servers) collect(server, server);
  return entries;
}

/** A location that answers nginx's question, and the `auth_request` lines that ask it. */
export interface AuthLocation {
  readonly location: Scope;
  readonly asked: readonly Directive[];
}

/** Finds for each `auth_request` the location it asks. */
export function findAuthLocations(
  configuration: Configuration,
  choose: (server: Scope, path: string) => Scope | undefined,
): readonly AuthLocation[] {
  const found = new Map<Scope, Set<Directive>>();
  const collect = (scope: Scope, server: Scope): void => {
    for (const directive of scope.effective('auth_request')) {
      const path = directive.args[0] ?? 'off';
      if (path === 'off' || path.includes('$')) continue;
      const location = choose(server, path.split('?')[0] ?? '');
      if (location === undefined || location === server) continue;
      found.set(location, (found.get(location) ?? new Set()).add(directive));
    }
    for (const child of scope.locations()) collect(child, server);
  };
  for (const server of configuration.servers) collect(server, server);
  return [...found].map(([location, asked]) => ({ location, asked: [...asked] }));
}
