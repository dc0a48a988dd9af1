import type { Directive } from '../../proxies/nginx/syntax/index.ts';
import type { GateFile } from './gate-file.ts';
import type { Configuration } from './model/configuration.ts';
import { GateTable } from './model/gate-table.ts';
import { chooseLocation } from './model/match.ts';
import {
  type AuthLocation,
  type Entry,
  findAuthLocations,
  findEntries,
} from './model/protection.ts';
import { findQuestions, type Question } from './model/question.ts';
import type { Scope } from './model/scope.ts';
import { type Trial, tryRequests, tryStrayHosts } from './model/trials.ts';

/** What rules stand on: the configuration, and what was worked out about it. */
export interface Analysis {
  readonly configuration: Configuration;
  readonly entries: readonly Entry[];
  /** Entries whose location asks an auth service. */
  readonly guarded: readonly Entry[];
  readonly guardedIn: ReadonlyMap<Scope, readonly Entry[]>;
  readonly authLocations: readonly AuthLocation[];
  /** The gates to compare with, where there are any. */
  readonly gates: GateTable | undefined;
  readonly gateFile: GateFile | undefined;
  /** Requests that were tried on all servers; none where there is nothing to say about gates. */
  readonly trials: readonly Trial[];
  /** The same with hosts of gates that no server names, on the servers that get them. */
  readonly strayTrials: readonly Trial[];
  /** What the servers ask their auth services. */
  readonly questions: readonly Question[];
}

/** Works out once what several rules need. */
export function analyze(configuration: Configuration, gateFile?: GateFile): Analysis {
  const gates =
    gateFile === undefined || gateFile.gates.length === 0
      ? undefined
      : new GateTable(gateFile.gates);
  let trials: readonly Trial[] | undefined;
  let strayTrials: readonly Trial[] | undefined;
  const entries = findEntries(configuration);
  const guarded = entries.filter(({ authRequest }) => authRequest !== undefined);
  return {
    configuration,
    entries,
    guarded,
    guardedIn: Map.groupBy(guarded, ({ server }) => server),
    authLocations: findAuthLocations(configuration, (server, path) => {
      const chosen = chooseLocation(server, path);
      return chosen.kind === 'scope' ? chosen.scope : undefined;
    }),
    gates,
    gateFile,
    get trials() {
      trials ??= tryRequests(configuration, gates);
      return trials;
    },
    get strayTrials() {
      strayTrials ??= gates === undefined ? [] : tryStrayHosts(configuration, gates);
      return strayTrials;
    },
    questions: findQuestions(configuration),
  };
}

/** What a location is called in a message. */
export function describe(scope: Scope): string {
  const server = scope.nearest('server');
  const names = server?.own('server_name').flatMap(({ args }) => args) ?? [];
  const [first] = names;
  return `${scope.title}${first === undefined || first === '_' ? '' : ` of ${first}`}`;
}

/** An include that could not be read and might say something about this scope. */
export function unreadAround(scope: Scope): Directive | undefined {
  for (const { kind, directives } of scope.chain()) {
    if (kind === 'http') return undefined;
    const include = directives.find(({ name }) => name === 'include');
    if (include !== undefined) return include;
  }
  return undefined;
}

/** The directive that stands for a scope in a report. */
export function headOf(scope: Scope): Directive {
  const directive = scope.directive ?? scope.directives[0];
  if (directive === undefined) throw new Error('an empty scope has nothing to report');
  return directive;
}
