import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { AuthRequest, BareOutcome, Outcome } from './outcome.ts';
import type { Path } from './rewrite-path.ts';
import type { Scope } from './scope.ts';
import { known, unknown } from './term.ts';
import type { Environment } from './value.ts';

/** The state of a simulated request. */
export interface State {
  /** URI, arguments and variables, and the directives that led here. */
  readonly path: Path;
  /** False where a file or a program decides; `path.certain` is about conditions. */
  readonly certain: boolean;
  readonly authenticated: boolean;
  /** What the auth service was asked, once it was. */
  readonly question: AuthRequest | undefined;
  /** A status that an error page fixes for the client. */
  readonly fixed: number | undefined;
  /** An error page is at work, and no second one may be. */
  readonly inErrorPage: boolean;
  readonly depth: number;
}

/** The state of a request before anything happened to it. Without a URI it is any request. */
export function firstState(uri?: string, variables: Readonly<Record<string, string>> = {}): State {
  const values = Object.entries(variables).map(([name, text]) => [name, known(text)] as const);
  const path: Path = {
    ...{ uri, args: uri === undefined ? undefined : '', uriStart: uri ?? '/' },
    ...{ hasClientQuery: true, variables: new Map(values), captures: undefined },
    ...{ decisions: new Map(), certain: true, hasGuess: false, trace: [] },
  };
  return {
    ...{ path, certain: true, authenticated: false, question: undefined },
    ...{ fixed: undefined, inErrorPage: false, depth: 0 },
  };
}

/** Adds a directive to what led here. */
export function passed(state: State, directive: Directive): State {
  const { path } = state;
  return { ...state, path: { ...path, trace: [...path.trace, directive] } };
}

/** The path in a location: its name tells what the URI begins with, its expression what was caught. */
export function inLocation(path: Path, { match }: Scope): Path {
  if (match === undefined || match.kind === 'named') return path;
  if (match.kind === 'regex') return { ...path, captures: undefined };
  if (path.uri !== undefined) return path;
  if (match.kind === 'exact') return { ...path, uri: match.path, uriStart: match.path };
  return match.path.length > path.uriStart.length ? { ...path, uriStart: match.path } : path;
}

/** The values of variables, as far as they are known; with those of the path for a request whose path is. */
export function environmentOf({ path }: State, hasPath: boolean): Environment {
  const values = new Map([...path.variables].map(([name, { text }]) => [name, text] as const));
  if (!hasPath) return values;
  for (const name of ['uri', 'document_uri']) values.set(name, path.uri);
  for (const name of ['args', 'query_string']) values.set(name, path.args);
  return values;
}

/** What an outcome tells of the way to it. */
export function arrivalOf(state: State, hasPath: boolean) {
  const { authenticated, question, fixed: status, path } = state;
  const moves = hasPath ? path.trace.filter(({ name }) => name === 'rewrite') : [];
  return { authenticated, question, environment: environmentOf(state, hasPath), moves, status };
}

/** Variables that `auth_request_set` gives a value that only the answer tells. */
export function withAnswers(path: Path, names: readonly string[]): Path {
  const variables = new Map(path.variables);
  for (const name of names) variables.set(name, unknown(`$${name} of the answer`));
  return { ...path, variables };
}

/** An outcome before it is known whether the request could have come to another one. */
export type OpenOutcome = Outcome & { readonly isForked: boolean };

/** Makes an outcome of a state. */
export function outcomeOf(bare: BareOutcome, { path, certain }: State): OpenOutcome {
  const { trace } = path;
  return { ...bare, certain, trace, isForked: !path.certain } as OpenOutcome;
}
