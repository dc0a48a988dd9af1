import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { bareName, type Configuration } from './configuration.ts';
import { asksForPassword, handlerOf, ownOrAround, programIn } from './content.ts';
import type { AuthAnswer, BareEnd, End } from './end.ts';
import { type ErrorPage, errorPageFor, isRedirect } from './error-page.ts';
import { chooseLocation, findNamed, isCompleted } from './match.ts';
import { moveTo, pathVariables, RewritePhase } from './rewrite-phase.ts';
import type { Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import type { State } from './state.ts';
import { Subrequest } from './subrequest.ts';
import { termsOf } from './term.ts';
import { evaluateBeginning } from './value.ts';

/** nginx itself gives up after ten internal redirects. */
const maxDepth = 10;

/** What auth_request hears; any other status would become a 500. */
const statusOf: Readonly<Record<AuthAnswer, number>> = { allow: 200, deny: 401, forbid: 403 };

/** Ways that one request may take before they are no longer followed. */
const maxVisits = 200;

/** Follows a request that nginx has given to a location, to all the ends it may take. */
export function travel(
  configuration: Configuration,
  location: Scope,
  scenario: Scenario,
  answer: AuthAnswer,
): readonly End[] {
  const server = location.nearest('server');
  if (server === undefined) return [];
  const traveller = new Traveller(configuration, server, scenario, answer);
  return traveller.start(location);
}

/** A request of which host and path are known. */
export interface KnownRequest {
  readonly host: string;
  readonly path: string;
}

/** Follows a request from where it comes to a server, to all the ends it may take. */
export function follow(
  configuration: Configuration,
  server: Scope,
  request: KnownRequest,
  options: { readonly scenario: Scenario; readonly answer: AuthAnswer },
): readonly End[] {
  return new Traveller(configuration, server, options.scenario, options.answer).enter(request);
}

class Traveller {
  readonly #configuration: Configuration;
  readonly #server: Scope;
  readonly #scenario: Scenario;
  readonly #answer: AuthAnswer;
  readonly #rewriting: RewritePhase;
  #visits = 0;

  constructor(configuration: Configuration, server: Scope, scenario: Scenario, answer: AuthAnswer) {
    this.#configuration = configuration;
    this.#server = server;
    this.#scenario = scenario;
    this.#answer = answer;
    this.#rewriting = new RewritePhase(configuration, scenario, {
      answer: (directive, view, state) => this.#answerWith(directive, view, state),
      goTo: (path, state) => this.#goTo(path, state),
    });
  }

  start(location: Scope): readonly End[] {
    const state = firstState(new Map());
    const { ends, goesOn, isSure } = this.#rewriting.run(this.#server, state, this.#server);
    return goesOn ? [...ends, ...this.#visit(location, { ...state, certain: isSure })] : ends;
  }

  /** Begins with the server's rewrite directives, and then looks for a location. */
  enter({ host, path }: KnownRequest): readonly End[] {
    const known = { host, request_uri: path, args: '', query_string: '' };
    const state = firstState(new Map(Object.entries(known)));
    moveTo(state.environment, path);
    return this.#redirectTo(undefined, state);
  }

  /** Runs a location's phases: rewrite, access, content. */
  #visit(location: Scope, state: State): readonly End[] {
    if (state.depth > maxDepth) return [];
    if (++this.#visits > maxVisits) {
      return this.#end({ kind: 'unknown', why: 'there are too many ways to go' }, state);
    }
    const views = new Set<Scope>([location]);
    const flow = this.#rewriting.run(location, state, location, views);
    if (!flow.goesOn) return flow.ends;
    if (state.moves.pending) {
      state.moves.pending = false;
      const now = { ...state, certain: flow.isSure };
      return [...flow.ends, ...this.#goTo(state.environment.get('uri') ?? '', now)];
    }
    const certain = flow.isSure && views.size === 1;
    const onwards = [...views].flatMap((view) => {
      const environment = new Map(state.environment);
      const moves = { ...state.moves, lines: [...state.moves.lines] };
      return this.#access(view, { ...state, certain, environment, moves });
    });
    return [...flow.ends, ...onwards];
  }

  #answerWith(directive: Directive, view: Scope, state: State): readonly End[] {
    const [first = '', text] = directive.args;
    const status = /^\d{3}$/.test(first) ? Number(first) : 302;
    if (status < 400 || text !== undefined) {
      const sent = isRedirect(status) ? status : (state.fixed ?? status);
      return this.#end({ kind: 'answered', status: sent, guarded: state.authenticated }, state);
    }
    return this.#fail(status, view, state, false);
  }

  #access(view: Scope, state: State): readonly End[] {
    const any = view.value('satisfy')?.[0] === 'any';
    const addresses = [...view.effective('allow'), ...view.effective('deny')];
    const lets = view.effective('allow').length > 0;
    if (!any && !lets && addresses.some(({ args }) => args[0] === 'all')) {
      return this.#fail(403, view, state, true);
    }
    const isSure = state.certain && programIn(view) === undefined;
    const now = { ...state, certain: isSure };
    const [auth] = view.effective('auth_request');
    if (auth !== undefined && auth.args[0] !== 'off') {
      const { status, certain } = this.#question(auth.args[0] ?? '', now);
      const question = { directive: auth, view, environment: new Map(state.environment) };
      for (const { args } of view.effective('auth_request_set')) {
        state.environment.set(bareName(args[0] ?? ''), undefined);
      }
      if (status < 300) {
        return this.#content(view, { ...now, certain, authenticated: true, question });
      }
      const byAddress = any && lets ? this.#content(view, { ...now, certain: false }) : [];
      const denied = { ...now, certain, trail: [...now.trail, auth] };
      return [...byAddress, ...this.#fail(status, view, denied, true)];
    }
    if (this.#answer !== 'allow' && asksForPassword(view)) return this.#fail(401, view, now, true);
    return this.#content(view, now);
  }

  /**
   * What auth_request makes of the answer. The question is a request of its own, for which the
   * rewrite directives of the server run once more, on the same variables.
   */
  #question(target: string, state: State): { status: number; certain: boolean } {
    const { environment } = state;
    const isKnown = environment.has('uri');
    const uri = environment.get('uri');
    // Its path is its own.
    for (const name of pathVariables) environment.delete(name);
    const elsewhere = this.#answeredElsewhere(target, state);
    const asking = { ...state, inErrorPage: true, moves: { lines: [], pending: false } };
    const path = target.includes('$') ? undefined : target.split('?')[0];
    moveTo(environment, path);
    const { ends, goesOn, isSure } = this.#rewriting.run(this.#server, asking, this.#server);
    const isMoved = environment.get('uri') !== path;
    if (isKnown) moveTo(environment, uri);
    else for (const name of pathVariables) environment.delete(name);
    const [end] = ends;
    const said = end?.kind === 'answered' ? end.status : 500;
    const status = elsewhere ?? (goesOn ? statusOf[this.#answer] : said);
    const isAnswer = status < 300 || status === 401 || status === 403;
    return { status: isAnswer ? status : 500, certain: isSure && !isMoved };
  }

  /** The status that the question surely gets in place of the auth service's, if it gets there at all. */
  #answeredElsewhere(path: string, { environment, certain }: State): number | undefined {
    const [outcome, ...others] = new Subrequest(
      this.#configuration,
      this.#server,
      path,
      this.#scenario,
    ).follow({ variables: termsOf(environment), decisions: new Map(), certain });
    if (outcome === undefined || others.length > 0 || outcome.kind === 'unknown') return undefined;
    const { diverted, hasGuess, fixed, certain: isSure } = outcome.passage;
    if (diverted === undefined || hasGuess || isSure !== certain) return undefined;
    if (outcome.kind === 'answered') return outcome.status;
    return fixed ?? (outcome.by === undefined ? 200 : undefined);
  }

  #content(view: Scope, state: State): readonly End[] {
    const [tries] = view.own('try_files');
    if (tries !== undefined) return this.#tryFiles(tries, view, state);
    const proxy = ownOrAround(view, 'proxy_pass');
    if (proxy !== undefined) {
      const trail = [...state.trail, proxy];
      return this.#end({ kind: 'proxied', view, ...arrival(state) }, { ...state, trail });
    }
    return this.#handled(handlerOf(view), view, state);
  }

  #tryFiles(directive: Directive, view: Scope, state: State): readonly End[] {
    const last = directive.args.at(-1) ?? '';
    const now = { ...state, certain: false, trail: [...state.trail, directive] };
    const file = this.#handled(directive, view, now);
    if (last.startsWith('=')) {
      return [...file, ...this.#fail(Number(last.slice(1)), view, now, true)];
    }
    // Files that are not there send a handshake on to the last argument.
    const onwards = { ...now, certain: state.certain };
    const target = last.startsWith('@')
      ? this.#toNamed(last, onwards)
      : this.#redirectTo(this.#beginning(last, onwards), onwards);
    return [...file, ...target];
  }

  /** Ends with a status of nginx's own, or with the error page for it. */
  #fail(status: number, view: Scope, state: State, guarded: boolean): readonly End[] {
    const page = errorPageFor(view.effective('error_page'), status);
    if (state.inErrorPage || page === undefined) {
      return this.#end({ kind: 'answered', status, guarded }, state);
    }
    const recursive = view.value('recursive_error_pages')?.[0] === 'on';
    const now: State = {
      ...state,
      trail: [...state.trail, page.directive],
      inErrorPage: !recursive,
      fixed: fixedStatus(page, status, state.fixed),
      depth: state.depth + 1,
    };
    if (now.depth > maxDepth) return [];
    const beginning = this.#beginning(page.uri, state);
    if (page.uri.startsWith('@')) return this.#toNamed(page.uri, now);
    if (beginning.startsWith('/')) return this.#redirectTo(beginning, now);
    const redirect = typeof page.status === 'number' && isRedirect(page.status);
    if (beginning !== '' || redirect) {
      const sent = redirect ? Number(page.status) : 302;
      return this.#end({ kind: 'answered', status: sent, guarded }, now);
    }
    return this.#end({ kind: 'unknown', why: `the error page is ${page.uri}` }, now);
  }

  #toNamed(name: string, state: State): readonly End[] {
    const target = findNamed(this.#server, name);
    if (target === undefined) {
      return this.#end({ kind: 'unknown', why: `there is no location ${name}` }, state);
    }
    return this.#visit(target, { ...state, depth: state.depth + 1 });
  }

  /** An internal redirect, which begins anew with the rewrite directives of the server. */
  #redirectTo(path: string | undefined, state: State): readonly End[] {
    const { environment } = state;
    const isKnown = environment.has('uri');
    if (isKnown && path !== undefined) moveTo(environment, path.split('?')[0]);
    const flow = this.#rewriting.run(this.#server, state, this.#server);
    if (!flow.goesOn) return flow.ends;
    const target = isKnown ? environment.get('uri') : path;
    return [...flow.ends, ...this.#goTo(target ?? '', { ...state, certain: flow.isSure })];
  }

  /** Looks for the location of a path again. */
  #goTo(path: string, state: State): readonly End[] {
    const [clean = ''] = path.split('?');
    if (!clean.startsWith('/')) {
      return this.#end({ kind: 'unknown', why: 'the new path is made of variables' }, state);
    }
    if (state.environment.has('uri')) {
      moveTo(state.environment, clean);
      if (isCompleted(this.#server, clean)) {
        return this.#end({ kind: 'answered', status: 301, guarded: false }, state);
      }
    }
    const chosen = chooseLocation(this.#server, clean);
    if (chosen.kind === 'unsure') {
      return this.#end({ kind: 'unknown', why: `no telling which location takes ${clean}` }, state);
    }
    if (chosen.scope === this.#server) return this.#handled(undefined, this.#server, state);
    return this.#visit(chosen.scope, { ...state, depth: state.depth + 1 });
  }

  /** A file, or something that answers in its place. */
  #handled(by: Directive | undefined, view: Scope, state: State): readonly End[] {
    return this.#end({ kind: 'handled', by, view, ...arrival(state) }, state);
  }

  #beginning(text: string, { environment }: State): string {
    const setting = { configuration: this.#configuration, scenario: this.#scenario, environment };
    return evaluateBeginning(text, setting);
  }

  #end(end: BareEnd, { certain, trail }: State): readonly End[] {
    return [{ ...end, certain, trail } as End];
  }
}

function firstState(environment: State['environment']): State {
  return {
    ...{ environment, certain: true, trail: [], authenticated: false, question: undefined },
    ...{ moves: { lines: [], pending: false }, fixed: undefined, inErrorPage: false, depth: 0 },
  };
}

/** What an end tells of the way to it. */
function arrival({ authenticated, question, environment, moves, fixed: status }: State) {
  return { authenticated, question, environment, moves: moves.lines, status };
}

/** The status that an error page fixes: the error's own, unless the line says otherwise. */
function fixedStatus(
  { status }: ErrorPage,
  error: number,
  before: number | undefined,
): number | undefined {
  if (status === 'target') return undefined;
  return status === 'kept' ? (before ?? error) : status;
}
