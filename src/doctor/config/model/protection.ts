import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { Configuration } from './configuration.ts';
import { ownOrAround } from './content.ts';
import type { AuthAnswer, Outcome } from './outcome.ts';
import { headersSent } from './request-headers.ts';
import { simulate } from './request-simulation.ts';
import { anything, handshake, page, type Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import { evaluateBeginning } from './value.ts';

/** A simulated request that a backend gets. */
export type Proxied = Extract<Outcome, { kind: 'proxied' }>;

/**
 * A location that clients can reach, and what becomes of handshakes there. Simulations run once
 * and kept.
 */
export class Entry {
  readonly location: Scope;
  readonly server: Scope;
  readonly #configuration: Configuration;
  readonly #kept = new Map<string, readonly Outcome[]>();

  constructor(configuration: Configuration, server: Scope, location: Scope) {
    this.#configuration = configuration;
    this.server = server;
    this.location = location;
  }

  /** All outcomes that a request to this location may take. */
  outcomes(answer: AuthAnswer, scenario: Scenario = handshake): readonly Outcome[] {
    const key = `${answer} ${scenario.name}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const outcomes = simulate(this.#configuration, this.location, scenario, answer);
    this.#kept.set(key, outcomes);
    return outcomes;
  }

  /** Where requests go that the auth service has admitted. */
  admitted(scenario: Scenario = handshake): readonly Proxied[] {
    return this.outcomes('allow', scenario).filter(
      (outcome): outcome is Proxied => outcome.kind === 'proxied' && outcome.authenticated,
    );
  }

  /** Where requests go although nobody has admitted them. */
  passing(scenario: Scenario = handshake): readonly Proxied[] {
    return this.outcomes('deny', scenario).filter(
      (outcome): outcome is Proxied =>
        outcome.kind === 'proxied' && !outcome.authenticated && !isErrorPage(outcome),
    );
  }

  /**
   * Where requests of any kind reach a backend, admitted or not: an `if` about a method or a header
   * may send others there than handshakes. One outcome for each block that is in force.
   */
  reaching(): readonly Proxied[] {
    const all = [handshake, page, anything].flatMap((scenario) => [
      ...this.admitted(scenario),
      ...this.passing(scenario),
    ]);
    const seen = new Map<string, Proxied>();
    const numbers = new Map<Scope, number>();
    for (const one of all) {
      if (!numbers.has(one.view)) numbers.set(one.view, numbers.size);
      const key = `${numbers.get(one.view)} ${one.authenticated}`;
      const twin = seen.get(key);
      if (twin === undefined || (one.certain && !twin.certain)) seen.set(key, one);
    }
    return [...seen.values()];
  }

  /** The backends at some outcomes: at all of them, with or without an admission, if none are named. */
  backends(
    outcomes: readonly Proxied[] = [...this.admitted(), ...this.passing()],
  ): ReadonlySet<string> {
    return new Set(outcomes.flatMap((outcome) => backendOf(this.#configuration, outcome) ?? []));
  }

  /** The `auth_request` in force in the location itself; undefined where it is off. */
  get authRequest(): Directive | undefined {
    const [auth] = this.location.effective('auth_request');
    return auth?.args[0] === 'off' ? undefined : auth;
  }

  /** An admitted handshake reaches a backend, with the headers that make it one. */
  get carriesSockets(): boolean {
    return this.admitted().some((outcome) => passesUpgrade(this.#configuration, outcome));
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
export function isErrorPage({ trace }: Outcome): boolean {
  const at = trace.findLastIndex(({ name }) => name === 'auth_request');
  return at !== -1 && trace.slice(at).some(({ name }) => name === 'error_page');
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
