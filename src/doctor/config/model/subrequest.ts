import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { bodyLimit } from './body-limit.ts';
import type { Configuration } from './configuration.ts';
import { handlerOf, ownOrAround } from './content.ts';
import { errorPageFor, isRedirect } from './error-page.ts';
import { chooseLocation, findNamed } from './match.ts';
import { type Path, traced } from './rewrite-path.ts';
import { RewriteScript } from './rewrite-script.ts';
import type { Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';

/** Where a subrequest is on its way. */
export interface SubrequestState extends Path {
  /** A status that an error page fixes. */
  readonly fixed: number | undefined;
  /** An error page is at work, and no second one may be. */
  readonly inErrorPage: boolean;
  /** The size that the body of the client's request is known to be over. */
  readonly bodyOver: number;
  /** How often another location was looked for. */
  readonly moves: number;
  /**
   * The rewrite directive of the server that kept the question from its location, or may have,
   * where there are too many ways to follow.
   */
  readonly diverted: Directive | undefined;
  /** Nothing but what clients choose was open when that happened. */
  readonly isSurelyDiverted: boolean;
}

/** What becomes of a subrequest. */
export type SubrequestOutcome = { readonly state: SubrequestState } & (
  | { readonly kind: 'answered'; readonly status: number }
  /** By a directive such as proxy_pass, or by a file where there is none. */
  | { readonly kind: 'handled'; readonly by: Directive | undefined; readonly view: Scope }
  | { readonly kind: 'unknown'; readonly why: string }
);

/** nginx gives up after ten changes of the location. */
const maxMoves = 10;

/** Locations that one question may come through before it is no longer followed. */
const maxVisits = 200;

/**
 * Follows nginx's question to the auth service. It begins with the rewrite directives of the server,
 * as every internal request does, and passes no access phase: what stands in `auth_request`, `deny`
 * or `auth_basic` does not apply to it.
 */
export class Subrequest {
  readonly #server: Scope;
  readonly #path: string;
  readonly #script: RewriteScript;
  #visits = 0;

  constructor(configuration: Configuration, server: Scope, path: string, scenario: Scenario) {
    this.#server = server;
    this.#path = path;
    this.#script = new RewriteScript({ configuration, scenario, asked: path });
  }

  /** All outcomes that a question may have which begins with these variables and decisions. */
  simulate(known: Pick<Path, 'variables' | 'decisions' | 'certain'>): readonly SubrequestOutcome[] {
    const state: SubrequestState = {
      ...known,
      ...{ uri: this.#path, args: '', captures: [], hasGuess: false, trace: [] },
      ...{ uriStart: '', hasClientQuery: false },
      ...{ fixed: undefined, inErrorPage: false, bodyOver: 0, moves: 0 },
      ...{ diverted: undefined, isSurelyDiverted: false },
    };
    this.#visits = 0;
    return this.#begin(state);
  }

  /** What an error that nginx makes itself comes to, or an answer that it intercepts. */
  fail(status: number, view: Scope, state: SubrequestState): readonly SubrequestOutcome[] {
    const page = state.inErrorPage ? undefined : errorPageFor(view.effective('error_page'), status);
    if (page === undefined) return [{ kind: 'answered', status, state }];
    const now: SubrequestState = {
      ...state,
      trace: [...state.trace, page.directive],
      fixed: page.status === 'target' ? undefined : page.status === 'kept' ? status : page.status,
      inErrorPage: view.value('recursive_error_pages')?.[0] !== 'on',
      bodyOver: Math.max(state.bodyOver, status === 413 ? bodyLimit(view) : 0),
      moves: state.moves + 1,
    };
    if (now.moves > maxMoves) return [{ kind: 'answered', status: 500, state: now }];
    if (page.uri.startsWith('@')) {
      const target = findNamed(this.#server, page.uri);
      return target === undefined
        ? [{ kind: 'answered', status: 500, state: now }]
        : this.#visit(target, now);
    }
    const [address = ''] = page.uri.split('?');
    const { text } = this.#script.evaluate(address, state);
    if (text === undefined) return [unknown(`the error page is ${page.uri}`, now)];
    if (text.startsWith('/')) return this.#begin({ ...now, uri: text, args: '' });
    const sent = typeof page.status === 'number' && isRedirect(page.status) ? page.status : 302;
    return [{ kind: 'answered', status: sent, state: now }];
  }

  /** An internal request begins with the rewrite directives of the server. */
  #begin(state: SubrequestState): readonly SubrequestOutcome[] {
    const isFirst = state.moves === 0;
    return this.#script.run(this.#server, state).flatMap((flow) => {
      const now: SubrequestState = { ...state, ...flow.path };
      const isDiverted = flow.kind !== 'through' || now.uri !== state.uri;
      const at =
        now.trace.slice(state.trace.length).find(({ name }) => moves.has(name)) ??
        this.#server.directives.find(({ name }) => name === 'if' || moves.has(name));
      const next =
        isFirst && isDiverted ? { ...now, diverted: at, isSurelyDiverted: now.certain } : now;
      return this.#leave(flow, this.#server, next) ?? this.#locate(next);
    });
  }

  /** What ends in a list of rewrite directives; undefined where the request goes on. */
  #leave(
    flow: ReturnType<RewriteScript['run']>[number],
    scope: Scope,
    state: SubrequestState,
  ): readonly SubrequestOutcome[] | undefined {
    const view = scope === this.#server ? scope : flow.view;
    switch (flow.kind) {
      case 'lost':
        return [unknown('there are too many ways to go', state)];
      case 'redirected':
        return this.fail(flow.status, view, state);
      case 'returned':
        return this.#return(flow.by, view, state);
      default:
        return undefined;
    }
  }

  #return({ args }: Directive, view: Scope, state: SubrequestState): readonly SubrequestOutcome[] {
    const [first = '', text = ''] = args;
    const status = /^\d{3}$/.test(first) ? Number(first) : 302;
    if (isRedirect(status) || (status >= 400 && text === '')) {
      return this.fail(status, view, state);
    }
    return [{ kind: 'answered', status: state.fixed ?? status, state }];
  }

  #locate(state: SubrequestState): readonly SubrequestOutcome[] {
    const { uri } = state;
    if (uri === undefined || !uri.startsWith('/')) {
      return [unknown('the new path is made of variables', state)];
    }
    const chosen = chooseLocation(this.#server, uri);
    if (chosen.kind === 'unsure') return [unknown(`no telling which location takes ${uri}`, state)];
    // nginx looks at the size where it chooses by a path, so never for a named location.
    if (state.bodyOver >= bodyLimit(chosen.scope)) return this.fail(413, chosen.scope, state);
    if (chosen.scope === this.#server) return this.#content(this.#server, state);
    return this.#visit(chosen.scope, state);
  }

  #visit(location: Scope, state: SubrequestState): readonly SubrequestOutcome[] {
    if (++this.#visits > maxVisits) {
      const diverted = state.diverted ?? location.directive;
      return [unknown('there are too many ways to go', { ...state, diverted })];
    }
    const isRegex = location.match?.kind === 'regex';
    const begin = isRegex ? { ...state, captures: undefined } : state;
    return this.#script.run(location, begin).flatMap((flow) => {
      const now: SubrequestState = { ...state, ...flow.path };
      const end = this.#leave(flow, location, now);
      if (end !== undefined) return end;
      if (flow.kind !== 'through' || !flow.isMoved) return this.#content(flow.view, now);
      const next = { ...now, moves: now.moves + 1 };
      if (next.moves > maxMoves) return [{ kind: 'answered', status: 500, state: next }];
      return this.#locate(next);
    });
  }

  #content(view: Scope, state: SubrequestState): readonly SubrequestOutcome[] {
    const [tries] = view.own('try_files');
    if (tries !== undefined) return this.#tryFiles(tries, view, state);
    const by = ownOrAround(view, 'proxy_pass') ?? handlerOf(view);
    return [{ kind: 'handled', by, view, state }];
  }

  #tryFiles(
    directive: Directive,
    view: Scope,
    state: SubrequestState,
  ): readonly SubrequestOutcome[] {
    const now: SubrequestState = { ...state, ...traced(state, directive) };
    const last = directive.args.at(-1) ?? '';
    const outcomes: SubrequestOutcome[] = [];
    for (const one of directive.args.slice(0, -1)) {
      // Nobody names a file after the path of a question.
      if (one.includes('$') && state.uri === this.#path) continue;
      const certain = state.certain && !one.includes('$');
      outcomes.push({ kind: 'handled', by: undefined, view, state: { ...now, certain } });
      if (certain) break;
    }
    if (last.startsWith('=')) return [...outcomes, ...this.fail(Number(last.slice(1)), view, now)];
    const next = { ...now, moves: now.moves + 1 };
    if (next.moves > maxMoves) return [...outcomes, { kind: 'answered', status: 500, state: next }];
    if (last.startsWith('@')) {
      const target = findNamed(this.#server, last);
      return target === undefined ? outcomes : [...outcomes, ...this.#visit(target, next)];
    }
    const [address = '', query = ''] = last.split('?');
    const uri = this.#script.evaluate(address, state).text;
    const args = query === '' ? '' : this.#script.evaluate(query, state).text;
    return [...outcomes, ...this.#begin({ ...next, uri, args })];
  }
}

const moves: ReadonlySet<string> = new Set(['rewrite', 'return']);

function unknown(why: string, state: SubrequestState): SubrequestOutcome {
  return { kind: 'unknown', why, state: { ...state, certain: false } };
}

/** True where the outcome is a yes: any status of 200 to 299 admits. */
export function isYes(outcome: SubrequestOutcome): boolean {
  const { state } = outcome;
  if (outcome.kind === 'unknown') return true;
  const status = outcome.kind === 'answered' ? outcome.status : (state.fixed ?? 200);
  return status >= 200 && status < 300;
}
