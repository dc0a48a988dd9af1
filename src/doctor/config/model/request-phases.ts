import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { hearAnswers, type SimulationContext } from './auth-answer.ts';
import { asksForPassword, handlerOf, ownOrAround, programIn } from './content.ts';
import { destinationsOf } from './destinations.ts';
import { errorPageFor, isRedirect } from './error-page.ts';
import { asGet, intoErrorPage } from './error-page-state.ts';
import { bareName } from './map-block.ts';
import { chooseLocation, findNamed } from './match.ts';
import type { BareOutcome } from './outcome.ts';
import { type Flow, RewriteScript } from './rewrite-script.ts';
import type { Scope } from './scope.ts';
import {
  arrivalOf,
  environmentOf,
  firstState,
  inLocation,
  type OpenOutcome,
  outcomeOf,
  passed,
  type State,
  withAnswers,
} from './simulation-state.ts';

/** nginx itself gives up after ten internal redirects. */
const maxDepth = 10;

/** Locations that one request may come through before it is no longer simulated. */
const maxVisits = 200;

/** The reason of an outcome that was not worked out. */
export const tooManyWays = 'there are too many ways to go';

/** The phases of nginx that one request runs through: rewrite, access, content, and error pages. */
export class RequestPhases {
  readonly #context: SimulationContext;
  readonly #script: RewriteScript;
  /** The path of the client's request is known. */
  #hasPath = false;
  #visits = 0;

  constructor(context: SimulationContext) {
    this.#context = context;
    this.#script = new RewriteScript({ ...context, asked: undefined, isSimulated: true });
  }

  /** Any request that comes to a location. Those that the server sends elsewhere are not among them. */
  startIn(location: Scope): readonly OpenOutcome[] {
    const state = firstState();
    return this.#script.run(this.#context.server, state.path).flatMap((flow) => {
      const outcomes = this.#leave(flow, this.#context.server, state);
      if (outcomes !== undefined) return outcomes;
      const { uri, uriStart } = flow.path;
      if (uri !== undefined) {
        const chosen = chooseLocation(this.#context.server, uri);
        if (chosen.kind === 'scope' && chosen.scope !== location) return [];
      }
      const path = { ...flow.path, uriStart: uri ?? (uriStart === '' ? '/' : uriStart) };
      return this.#visit(location, { ...state, path });
    });
  }

  /** Begins with the server's rewrite directives, and then looks for a location. */
  start({ host, path }: { readonly host: string; readonly path: string }): readonly OpenOutcome[] {
    this.#hasPath = true;
    return this.#enter(firstState(path, { host, request_uri: path }));
  }

  /** A request, or an internal redirect, which begins anew with the rewrite directives of the server. */
  #enter(state: State): readonly OpenOutcome[] {
    return this.#script.run(this.#context.server, state.path).flatMap((flow) => {
      const next = { ...state, path: flow.path };
      return this.#leave(flow, this.#context.server, state) ?? this.#goTo(next);
    });
  }

  /** What ends in the rewrite phase; undefined where the request goes on. */
  #leave(flow: Flow, scope: Scope, state: State): readonly OpenOutcome[] | undefined {
    const view = scope === this.#context.server ? scope : flow.view;
    const next = { ...state, path: flow.path };
    switch (flow.kind) {
      case 'lost':
        return this.#outcome({ kind: 'unknown', why: tooManyWays }, next);
      case 'redirected':
        return this.#fail(flow.status, view, next, state.authenticated);
      case 'returned':
        return this.#return(flow.by, view, next);
      default:
        return undefined;
    }
  }

  /** Runs a location's phases: rewrite, access, content. */
  #visit(location: Scope, state: State): readonly OpenOutcome[] {
    if (state.depth > maxDepth) {
      return this.#answered(500, state.authenticated, { ...state, certain: false });
    }
    const unknown = { kind: 'unknown', why: tooManyWays } as const;
    if (++this.#visits > maxVisits) return this.#outcome(unknown, state);
    return this.#script.run(location, inLocation(state.path, location)).flatMap((flow) => {
      const outcomes = this.#leave(flow, location, state);
      if (outcomes !== undefined) return outcomes;
      const next = { ...state, path: flow.path };
      const isMoved = flow.kind === 'through' && flow.isMoved;
      return isMoved ? this.#goTo(next) : this.#access(flow.view, next);
    });
  }

  #return({ args }: Directive, view: Scope, state: State): readonly OpenOutcome[] {
    const [first = '', text] = args;
    const status = /^\d{3}$/.test(first) ? Number(first) : 302;
    if (isRedirect(status) || (status >= 400 && text === undefined)) {
      return this.#fail(status, view, state, false);
    }
    return this.#answered(state.fixed ?? status, state.authenticated, state);
  }

  #access(view: Scope, state: State): readonly OpenOutcome[] {
    const any = view.value('satisfy')?.[0] === 'any';
    const addresses = [...view.effective('allow'), ...view.effective('deny')];
    const lets = view.effective('allow').length > 0;
    if (!any && !lets && addresses.some(({ args }) => args[0] === 'all')) {
      return this.#fail(403, view, state, true);
    }
    const now = { ...state, certain: state.certain && programIn(view) === undefined };
    const [auth] = view.effective('auth_request');
    if (auth === undefined || auth.args[0] === 'off') {
      const isRefused = this.#context.answer !== 'allow' && asksForPassword(view);
      return isRefused ? this.#fail(401, view, now, true) : this.#content(view, now);
    }
    const names = view.effective('auth_request_set').map(({ args }) => bareName(args[0] ?? ''));
    return hearAnswers(auth.args[0] ?? '', now, this.#context).flatMap(
      ({ status, state: heard }) => {
        const environment = environmentOf(heard, this.#hasPath);
        const question = { directive: auth, view, environment };
        const next = { ...heard, path: withAnswers(heard.path, names) };
        if (status < 300) return this.#content(view, { ...next, authenticated: true, question });
        const byAddress = any && lets ? this.#content(view, { ...next, certain: false }) : [];
        return [...byAddress, ...this.#fail(status, view, passed(next, auth), true)];
      },
    );
  }

  #content(view: Scope, state: State): readonly OpenOutcome[] {
    const [tries] = view.own('try_files');
    if (tries !== undefined) return this.#tryFiles(tries, view, state);
    const proxy = ownOrAround(view, 'proxy_pass');
    if (proxy === undefined) {
      const by = handlerOf(view);
      const missing = by === undefined ? this.#missingFile(view, state) : [];
      return [...this.#handled(by, view, state), ...missing];
    }
    return this.#outcome(
      { kind: 'proxied', view, ...arrivalOf(state, this.#hasPath) },
      passed(state, proxy),
    );
  }

  /** Files are taken to be there; where one is not, an error page may lead on. */
  #missingFile(view: Scope, state: State): readonly OpenOutcome[] {
    if (state.inErrorPage) return [];
    const pages = view.effective('error_page');
    const statuses = [404, 403].filter((status) => errorPageFor(pages, status) !== undefined);
    const unsure = { ...state, certain: false };
    return statuses.flatMap((status) => this.#fail(status, view, unsure, state.authenticated));
  }

  #tryFiles(directive: Directive, view: Scope, state: State): readonly OpenOutcome[] {
    const last = directive.args.at(-1) ?? '';
    const now = passed(state, directive);
    const unsure = { ...now, certain: false };
    const file = this.#handled(directive, view, unsure);
    if (last.startsWith('=')) {
      return [...file, ...this.#fail(Number(last.slice(1)), view, unsure, true)];
    }
    // Files that are not there send a handshake on to the last argument.
    const target = last.startsWith('@') ? this.#toNamed(last, now) : this.#redirectTo(last, now);
    return [...file, ...target];
  }

  /** Ends with a status of nginx's own, or with the error page for it. */
  #fail(status: number, view: Scope, state: State, guarded: boolean): readonly OpenOutcome[] {
    const page = errorPageFor(view.effective('error_page'), status);
    if (state.inErrorPage || page === undefined) return this.#answered(status, guarded, state);
    const isRecursive = view.value('recursive_error_pages')?.[0] === 'on';
    const now = intoErrorPage(state, page, { status, isRecursive });
    // A circle of error pages ends with the error, or with 500 where nginx counts one redirect too many.
    if (now.depth > maxDepth) {
      const unsure = { ...now, certain: false };
      return [status, 500].flatMap((sent) => this.#answered(sent, guarded, unsure));
    }
    if (page.uri.startsWith('@')) return this.#toNamed(page.uri, now);
    const start = this.#script.startOf(page.uri, state.path);
    if (start.startsWith('/')) return this.#redirectTo(page.uri, asGet(now));
    const redirect = typeof page.status === 'number' && isRedirect(page.status);
    if (start !== '' || redirect) {
      const sent = redirect ? Number(page.status) : 302;
      return this.#answered(sent, guarded, now);
    }
    return this.#outcome({ kind: 'unknown', why: `the error page is ${page.uri}` }, now);
  }

  #toNamed(name: string, state: State): readonly OpenOutcome[] {
    const target = findNamed(this.#context.server, name);
    // nginx finds out when it is asked for, and answers 500.
    if (target === undefined) return this.#answered(500, true, state);
    return this.#visit(target, { ...state, depth: state.depth + 1 });
  }

  #redirectTo(address: string, state: State): readonly OpenOutcome[] {
    const [target = '', query = ''] = address.split('?');
    const { path } = state;
    const next = {
      ...path,
      uri: this.#script.evaluate(target, path).text,
      uriStart: this.#script.startOf(target, path),
      args: this.#script.evaluate(query, path).text,
      hasClientQuery: false,
    };
    return this.#enter({ ...state, path: next });
  }

  /** Looks for the location of a path again; for all that it may be where the path is not known. */
  #goTo(state: State): readonly OpenOutcome[] {
    const found = destinationsOf(this.#context.server, state.path, this.#hasPath);
    if (found.kind === 'unknown') return this.#outcome(found, state);
    if (found.kind === 'completed') return this.#answered(301, false, state);
    const isOne = found.locations.length === 1;
    const path = { ...state.path, certain: state.path.certain && isOne };
    return found.locations.flatMap((scope) => this.#come(scope, { ...state, path }));
  }

  #come(scope: Scope, state: State): readonly OpenOutcome[] {
    if (scope === this.#context.server)
      return this.#handled(undefined, this.#context.server, state);
    return this.#visit(scope, { ...state, depth: state.depth + 1 });
  }

  /** A file, or something that answers in its place. */
  #handled(by: Directive | undefined, view: Scope, state: State): readonly OpenOutcome[] {
    return this.#outcome({ kind: 'handled', by, view, ...arrivalOf(state, this.#hasPath) }, state);
  }

  #answered(status: number, guarded: boolean, state: State): readonly OpenOutcome[] {
    return this.#outcome({ kind: 'answered', status, guarded }, state);
  }

  #outcome(outcome: BareOutcome, state: State): readonly OpenOutcome[] {
    return [outcomeOf(outcome, state)];
  }
}
