import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { Configuration } from './configuration.ts';
import type { Scenario } from './scenario.ts';
import type { Term, TermSetting } from './term.ts';

/** One execution path through rewrite directives, and what is known of the request there. */
export interface Path {
  /** Undefined when it cannot be known; so are the arguments. */
  readonly uri: string | undefined;
  readonly args: string | undefined;
  /** What the URI surely begins with where it cannot be known. */
  readonly uriStart: string;
  /** The arguments are those that the client sent. */
  readonly hasClientQuery: boolean;
  readonly variables: ReadonlyMap<string, Term>;
  readonly captures: TermSetting['captures'];
  /** What was decided about conditions that are the same for the client's request. */
  readonly decisions: ReadonlyMap<string, boolean>;
  /** False where it hangs on something that neither the configuration nor the client says. */
  readonly certain: boolean;
  /** It was taken for granted that no file has the name of the path. */
  readonly hasGuess: boolean;
  /** The directives that led here, in order: rewrites, conditions that held, error pages. */
  readonly trace: readonly Directive[];
}

/** What a script is run with. */
export interface ScriptContext {
  readonly configuration: Configuration;
  readonly scenario: Scenario;
  /** The path of which no file has the name; undefined for the client's own request. */
  readonly asked: string | undefined;
  /** It is a simulated request: where a condition is open, each of the two ways is unsure. */
  readonly isSimulated?: true;
}

/** Adds what a path has come through. */
export function traced(path: Path, directive: Directive): Path {
  return { ...path, trace: [...path.trace, directive] };
}

/** Gives a variable a value. */
export function withVariable(path: Path, name: string, value: Term): Path {
  return { ...path, variables: new Map(path.variables).set(name, value) };
}

/** Keeps a decision, so that the same condition is decided in the same way further on. */
export function decide(path: Path, key: string, holds: boolean): Path {
  const isNegative = key.startsWith('!');
  const decisions = new Map(path.decisions).set(key, holds);
  return { ...path, decisions: decisions.set(isNegative ? key.slice(1) : `!${key}`, !holds) };
}
