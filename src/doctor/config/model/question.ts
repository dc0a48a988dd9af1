import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { Configuration } from './configuration.ts';
import { readErrorPage } from './error-page.ts';
import { chooseLocation } from './match.ts';
import type { Path } from './rewrite-path.ts';
import { RewriteScript } from './rewrite-script.ts';
import { anything } from './scenario.ts';
import type { Scope } from './scope.ts';
import { Subrequest, type SubrequestOutcome } from './subrequest.ts';

/** What a server asks its auth service with: one path of `auth_request`, and who asks. */
export class Question {
  readonly server: Scope;
  /** As nginx takes it: a question mark is a character of the path like any other. */
  readonly path: string;
  readonly asked: readonly Directive[];
  /** The locations that ask. */
  readonly from: readonly Scope[];
  readonly #configuration: Configuration;
  #subrequest: Subrequest | undefined;
  #outcomes: readonly SubrequestOutcome[] | undefined;

  constructor(
    configuration: Configuration,
    server: Scope,
    path: string,
    from: ReadonlyMap<Scope, Directive>,
  ) {
    this.#configuration = configuration;
    this.server = server;
    this.path = path;
    this.from = [...from.keys()];
    this.asked = [...new Set(from.values())];
  }

  /** The location that is meant to answer. */
  get location(): Scope | undefined {
    const chosen = chooseLocation(this.server, this.path);
    return chosen.kind === 'scope' && chosen.scope !== this.server ? chosen.scope : undefined;
  }

  /** True where the question comes to that location, under whatever path. */
  arrives(outcome: SubrequestOutcome): boolean {
    const { location } = this;
    if (outcome.kind !== 'handled' || location === undefined) return false;
    return [...outcome.view.chain()].includes(location);
  }

  get subrequest(): Subrequest {
    this.#subrequest ??= new Subrequest(this.#configuration, this.server, this.path, anything);
    return this.#subrequest;
  }

  /** All that may become of the question, whatever the client sends. */
  get outcomes(): readonly SubrequestOutcome[] {
    this.#outcomes ??= this.#follow();
    return this.#outcomes;
  }

  #follow(): readonly SubrequestOutcome[] {
    const seen = new Map<string, SubrequestOutcome>();
    for (const client of this.#clients()) {
      for (const outcome of this.subrequest.simulate(client)) {
        const key = [
          ...[outcome.kind, outcome.state.certain, outcome.state.fixed],
          ...(outcome.kind === 'answered' ? [outcome.status] : []),
          ...outcome.state.trace.map(({ place }) => `${place.file}:${place.line}:${place.column}`),
          ...(outcome.kind === 'handled' ? [outcome.view.title] : []),
        ].join(' ');
        if (!seen.has(key)) seen.set(key, outcome);
      }
    }
    return [...seen.values()];
  }

  /**
   * What is known of the requests that nginx asks about: those that the rewrite directives of the
   * server neither answer nor send where nobody asks. The question finds the same conditions.
   */
  #clients(): readonly Path[] {
    const begin: Path = {
      ...{ uri: undefined, args: undefined, captures: undefined, certain: true, hasGuess: false },
      ...{ uriStart: '', hasClientQuery: false },
      ...{ variables: new Map(), decisions: new Map(), trace: [] },
    };
    const script = new RewriteScript({
      configuration: this.#configuration,
      scenario: anything,
      asked: undefined,
    });
    const clients = new Map<string, Path>();
    for (const flow of script.run(this.server, begin)) {
      const { path } = flow;
      if (flow.kind === 'redirected' || (flow.kind === 'returned' && !this.#hasPage(flow.by))) {
        continue;
      }
      if (flow.kind === 'through' && path.uri !== undefined && this.#isElsewhere(path.uri))
        continue;
      const decisions = [...path.decisions].sort(([a], [b]) => a.localeCompare(b)).join(' ');
      const variables = [...path.variables]
        .map(([name, { symbol }]) => `${name}=${symbol}`)
        .join(' ');
      const key = `${path.certain} ${decisions} ${variables}`;
      if (!clients.has(key)) clients.set(key, path);
    }
    return [...clients.values()];
  }

  /** A status that the server has a page of its own for, so that the request goes on. */
  #hasPage({ args }: Directive): boolean {
    const status = Number(args[0]);
    return this.server
      .effective('error_page')
      .map(readErrorPage)
      .some(({ codes, uri }) => codes.includes(status) && /^[/@$]/.test(uri));
  }

  /** True where a request for a path stays in a location that does not ask this question. */
  #isElsewhere(path: string): boolean {
    const chosen = chooseLocation(this.server, path);
    if (chosen.kind === 'unsure') return false;
    const { scope } = chosen;
    if (scope.effective('auth_request')[0]?.args[0] === this.path) return false;
    const goesOn = ['return', 'rewrite', 'if', 'try_files', 'index'];
    if (goesOn.some((name) => scope.own(name).length > 0)) return false;
    return !scope.effective('error_page').some((one) => /^[/@$]/.test(readErrorPage(one).uri));
  }
}

/** Finds what the servers of a configuration ask. */
export function findQuestions(configuration: Configuration): readonly Question[] {
  return configuration.servers.flatMap((server) => {
    const paths = new Map<string, Map<Scope, Directive>>();
    const collect = (scope: Scope): void => {
      const [auth] = scope.effective('auth_request');
      const path = auth?.args[0] ?? 'off';
      if (auth !== undefined && path !== 'off') {
        const from = paths.get(path) ?? new Map<Scope, Directive>();
        paths.set(path, from.set(scope, auth));
      }
      for (const child of scope.children) if (child.kind !== 'server') collect(child);
    };
    for (const location of server.locations()) collect(location);
    return [...paths].map(([path, from]) => new Question(configuration, server, path, from));
  });
}
