import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { compare, isFileTest, readCondition } from './condition.ts';
import { bareName, type Configuration } from './configuration.ts';
import { capture, groupsOf } from './pattern.ts';
import type { Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import { join, known, type Term, type TermSetting, termOf, unknown } from './term.ts';

/** One way that a subrequest may have come, and what is known of it there. */
export interface Path {
  /** Undefined when it cannot be known; so are the arguments. */
  readonly uri: string | undefined;
  readonly args: string | undefined;
  readonly variables: ReadonlyMap<string, Term>;
  readonly captures: TermSetting['captures'];
  /** What was decided about conditions that are the same for the client's request. */
  readonly decisions: ReadonlyMap<string, boolean>;
  /** False where it hangs on something that neither the configuration nor the client says. */
  readonly certain: boolean;
  /** It was taken for granted that no file has the name of the path. */
  readonly hasGuess: boolean;
  /** The directives that led here, in order: rewrites, conditions that held, error pages. */
  readonly trail: readonly Directive[];
}

/** How a path leaves a list of rewrite directives. */
export type Flow = { readonly path: Path; readonly view: Scope } & (
  | { readonly kind: 'through'; readonly isMoved: boolean }
  | { readonly kind: 'returned'; readonly by: Directive }
  | { readonly kind: 'redirected'; readonly status: 301 | 302 }
  | { readonly kind: 'lost' }
);

/** A path on its way through the directives. `isMoved`: another location will be looked for. */
interface Step {
  readonly path: Path;
  readonly view: Scope;
  readonly isMoved: boolean;
}

/** What a script is run with. */
export interface ScriptContext {
  readonly configuration: Configuration;
  readonly scenario: Scenario;
  /** The path of which no file has the name; undefined for the client's own request. */
  readonly asked: string | undefined;
}

const rewriting: ReadonlySet<string> = new Set(['set', 'if', 'return', 'rewrite', 'break']);

/** Patterns that every path matches. */
const always = /^(?:\^|\.\*|\^\.\*|\^\/?\(?\.\*\)?\$?|\^\/|\^\/\(\.\*\)\$?)$/;

/** Steps that all runs together may take before nothing is followed any more. */
const maxSteps = 10_000;

/** Ways side by side from which on an `if` that only sets variables is no fork any more. */
const manyWays = 4;

/**
 * Runs the directives of nginx's rewrite module in a block, on all the ways that conditions leave
 * open. Unlike a journey of the client's request, the path is known here, and changes.
 */
export class RewriteScript {
  readonly #context: ScriptContext;
  #steps = 0;

  constructor(context: ScriptContext) {
    this.#context = context;
  }

  run(scope: Scope, path: Path): readonly Flow[] {
    const done: Flow[] = [];
    const rest = this.#block(scope, [{ path, view: scope, isMoved: false }], done);
    return [...done, ...rest.map((step): Flow => ({ ...step, kind: 'through' }))];
  }

  /** A text with variables. */
  evaluate(text: string, path: Path): Term {
    return termOf(text, { ...path, ...this.#context });
  }

  #block(scope: Scope, begin: readonly Step[], done: Flow[]): readonly Step[] {
    let steps = begin;
    for (const directive of scope.directives) {
      if (steps.length === 0) break;
      if (!rewriting.has(directive.name)) continue;
      const isCrowded = steps.length >= manyWays;
      steps = steps.flatMap((step) => this.#step(directive, scope, step, done, isCrowded));
    }
    return steps;
  }

  #step(
    directive: Directive,
    scope: Scope,
    step: Step,
    done: Flow[],
    isCrowded: boolean,
  ): readonly Step[] {
    const { path, view } = step;
    if (++this.#steps > maxSteps) {
      done.push({ kind: 'lost', path: { ...path, certain: false }, view });
      return [];
    }
    const { name, args } = directive;
    switch (name) {
      case 'set': {
        const value = this.evaluate(args[1] ?? '', path);
        return [{ ...step, path: withVariable(path, bareName(args[0] ?? ''), value) }];
      }
      case 'break':
        done.push({ kind: 'through', path, view, isMoved: false });
        return [];
      case 'return':
        done.push({ kind: 'returned', by: directive, path: onTrail(path, directive), view });
        return [];
      case 'rewrite':
        return this.#rewrite(directive, step, done);
      default:
        return this.#if(directive, scope, step, done, isCrowded);
    }
  }

  #if(
    directive: Directive,
    scope: Scope,
    step: Step,
    done: Flow[],
    isCrowded: boolean,
  ): readonly Step[] {
    const inner = scope.childOf(directive);
    if (inner === undefined) return [step];
    const { path } = step;
    const { holds, isGuess, key, term, captures, groups } = this.#judge(directive.args, path);
    const inServer = scope.kind === 'server';
    const next: Step[] = [];
    const after = { ...path, hasGuess: path.hasGuess || isGuess };
    const decision = holds ?? (term.isShared ? path.decisions.get(key) : undefined);
    if (
      decision === undefined &&
      inServer &&
      isCrowded &&
      inner.directives.every(({ name }) => name === 'set')
    ) {
      return [{ ...step, path: this.#perhapsSet(inner, term, key, after) }];
    }
    if (decision !== true) {
      const decided = decision === undefined && term.isShared ? decide(after, key, false) : after;
      const isSure = decision !== undefined || term.isShared || this.#isClients;
      next.push({
        ...step,
        path: {
          ...decided,
          captures: captures ?? decided.captures,
          certain: after.certain && isSure,
        },
      });
    }
    if (decision !== false) {
      let taken = onTrail(after, directive);
      if (holds === undefined) {
        if (term.isShared) taken = decide(taken, key, true);
        const isSure = term.isShared ? term.isChosen : this.#isClients;
        taken = { ...taken, certain: taken.certain && isSure };
      }
      for (const [name, value] of groups) taken = withVariable(taken, name, value);
      const begin = { ...step, path: { ...taken, captures }, view: inServer ? step.view : inner };
      next.push(...this.#block(inner, [begin], done));
    }
    return next;
  }

  /** The client chooses its own path, so what hangs on that is no uncertainty. */
  get #isClients(): boolean {
    return this.#context.asked === undefined;
  }

  /** An `if` that only sets variables: from then on they may have either value. */
  #perhapsSet(inner: Scope, condition: Term, key: string, path: Path): Path {
    let next: Path = { ...path, captures: undefined };
    for (const { args } of inner.directives) {
      const name = bareName(args[0] ?? '');
      const before = this.evaluate(`\${${name}}`, path);
      const value = this.evaluate(args[1] ?? '', next);
      const either = join([{ ...condition, text: undefined, symbol: key }, value, before], '?');
      const isSame = value.symbol === before.symbol && value.text !== undefined;
      next = withVariable(
        next,
        name,
        isSame ? value : { ...either, text: undefined, isChosen: false },
      );
    }
    return next;
  }

  #judge(args: readonly string[], path: Path) {
    const [left = '', operator, right = ''] = readCondition(args);
    const groups: [string, Term][] = [];
    if (isFileTest(left)) {
      const term = this.evaluate(operator ?? '', path);
      const isNegative = left.startsWith('!');
      // Nobody names a file after the path of a question.
      const isGuess = term.isOfPath && path.uri !== undefined && path.uri === this.#context.asked;
      const holds = isGuess ? isNegative : undefined;
      const key = `${left.replace('!', '')} ${term.symbol}`;
      const own = { ...term, isShared: term.isShared && !term.isOfPath, isChosen: false };
      const { captures } = path;
      return { ...negate(holds, key, isNegative), isGuess, term: own, captures, groups };
    }
    const value = this.evaluate(left, path);
    const isRegex = operator?.includes('~') === true;
    const other = isRegex ? known(right) : this.evaluate(right, path);
    const term =
      operator === undefined
        ? value
        : {
            ...value,
            isShared: value.isShared && other.isShared,
            isChosen: value.isChosen && other.isChosen,
          };
    const isNegative = operator?.startsWith('!') === true;
    const holds = compare(value.text, operator, right, other.text);
    const key = `${value.symbol} ${operator?.replace('!', '')} ${other.symbol}`;
    let { captures } = path;
    if (isRegex) {
      const ignoreCase = operator.endsWith('*');
      const found = value.text === undefined ? undefined : capture(right, ignoreCase, value.text);
      captures = found === null ? [] : found;
      for (const name of groupsOf(right)) {
        const group = found?.groups?.[name];
        groups.push([name, group === undefined ? unknown(`$${name}`) : known(group)]);
      }
    }
    return { ...negate(holds, key, isNegative), isGuess: false, term, captures, groups };
  }

  #rewrite(directive: Directive, step: Step, done: Flow[]): readonly Step[] {
    const [pattern = '', replacement = '', flag] = directive.args;
    const { path, view } = step;
    const found = path.uri === undefined ? undefined : capture(pattern, false, path.uri);
    if (found === null) return [{ ...step, path: { ...path, captures: [] } }];
    const isSure = found !== undefined || always.test(pattern);
    const certain = path.certain && (isSure || this.#isClients);
    const next: Step[] = isSure
      ? []
      : [{ ...step, path: { ...path, captures: undefined, certain } }];
    let taken: Path = { ...onTrail(path, directive), captures: found, certain };
    for (const name of groupsOf(pattern)) {
      const group = found?.groups?.[name];
      taken = withVariable(taken, name, group === undefined ? unknown(`$${name}`) : known(group));
    }
    if (
      flag === 'redirect' ||
      flag === 'permanent' ||
      /^(?:https?:\/\/|\$scheme)/.test(replacement)
    ) {
      done.push({
        kind: 'redirected',
        status: flag === 'permanent' ? 301 : 302,
        path: taken,
        view,
      });
      return next;
    }
    taken = this.#withAddress(taken, replacement);
    if (flag === 'last' || flag === 'break') {
      done.push({ kind: 'through', path: taken, view, isMoved: flag === 'last' });
      return next;
    }
    return [...next, { ...step, path: taken, isMoved: true }];
  }

  /** Gives a path the address that a rewrite has; the old arguments follow unless it ends in `?`. */
  #withAddress(path: Path, replacement: string): Path {
    const at = replacement.indexOf('?');
    const uri = this.evaluate(at === -1 ? replacement : replacement.slice(0, at), path).text;
    if (at === -1) return { ...path, uri };
    const query = replacement.slice(at + 1);
    const dropsOld = replacement.endsWith('?');
    const own = this.evaluate(dropsOld ? query.slice(0, -1) : query, path).text;
    const old = dropsOld ? '' : path.args;
    const isKnown = own !== undefined && old !== undefined;
    return {
      ...path,
      uri,
      args: isKnown ? [own, old].filter((one) => one !== '').join('&') : undefined,
    };
  }
}

/** Adds what a path has come through. */
export function onTrail(path: Path, directive: Directive): Path {
  return { ...path, trail: [...path.trail, directive] };
}

function withVariable(path: Path, name: string, value: Term): Path {
  return { ...path, variables: new Map(path.variables).set(name, value) };
}

/** Keeps a decision, so that the same condition is decided in the same way further on. */
function decide(path: Path, key: string, holds: boolean): Path {
  const isNegative = key.startsWith('!');
  const decisions = new Map(path.decisions).set(key, holds);
  return { ...path, decisions: decisions.set(isNegative ? key.slice(1) : `!${key}`, !holds) };
}

function negate(holds: boolean | undefined, key: string, isNegative: boolean) {
  return { holds, key: isNegative ? `!${key}` : key };
}
