import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { bareName } from './map-block.ts';
import { judgeCondition } from './rewrite-condition.ts';
import { applyRewrite } from './rewrite-directive.ts';
import { decide, type Path, type ScriptContext, traced, withVariable } from './rewrite-path.ts';
import { mergeSame, type Step } from './rewrite-steps.ts';
import type { Scope } from './scope.ts';
import { join, startOf, type Term, termOf } from './term.ts';
import { variablesIn } from './value.ts';

/** How a path leaves a list of rewrite directives. */
export type Flow = { readonly path: Path; readonly view: Scope } & (
  | { readonly kind: 'through'; readonly isMoved: boolean }
  | { readonly kind: 'returned'; readonly by: Directive }
  | { readonly kind: 'redirected'; readonly status: 301 | 302 }
  | { readonly kind: 'lost' }
);

const rewriting: ReadonlySet<string> = new Set(['set', 'if', 'return', 'rewrite', 'break']);

/** True for the directives of nginx's rewrite module. */
export function isRewriting(name: string): boolean {
  return rewriting.has(name);
}

/** Steps that all runs together may take before nothing is followed any more. */
const maxSteps = 10_000;

/** Ways side by side from which on an `if` that only sets variables is no fork any more. */
const manyWays = 4;

/** The same where steps that are alike are merged. */
const manyDifferentWays = 32;

/**
 * Runs the directives of nginx's rewrite module in a block, on all the ways that conditions leave
 * open. A simulated request forks, and steps that turn out alike are merged again.
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

  /** What a text with variables surely begins with. */
  startOf(text: string, path: Path): string {
    return startOf(text, { ...path, ...this.#context });
  }

  #block(scope: Scope, begin: readonly Step[], done: Flow[]): readonly Step[] {
    let steps = begin;
    for (const directive of scope.directives) {
      if (steps.length === 0) break;
      if (!rewriting.has(directive.name)) continue;
      const isCrowded = steps.length >= (this.#context.isSimulated ? manyDifferentWays : manyWays);
      steps = steps.flatMap((step) => this.#step(directive, scope, step, done, isCrowded));
      if (this.#context.isSimulated && steps.length > 1) steps = mergeSame(steps);
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
    const { view } = step;
    const path = this.#remember(directive, step.path);
    if (++this.#steps > maxSteps) {
      done.push({ kind: 'lost', path: { ...path, certain: false }, view });
      return [];
    }
    const { name, args } = directive;
    switch (name) {
      case 'set': {
        return [{ ...step, path: assign(path, args[0] ?? '', this.evaluate(args[1] ?? '', path)) }];
      }
      case 'break':
        done.push({ kind: 'through', path, view, isMoved: false });
        return [];
      case 'return':
        done.push({ kind: 'returned', by: directive, path: traced(path, directive), view });
        return [];
      case 'rewrite':
        return this.#rewrite(directive, { ...step, path }, done);
      default:
        return this.#if(directive, scope, { ...step, path }, done, isCrowded);
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
    const { holds, isGuess, key, term, captures, groups } = judgeCondition(
      directive.args,
      path,
      this.#context,
    );
    const inServer = scope.kind === 'server';
    const next: Step[] = [];
    const after = { ...path, hasGuess: path.hasGuess || isGuess };
    const decision = holds ?? (term.isShared ? path.decisions.get(key) : undefined);
    if (
      decision === undefined &&
      (inServer || this.#context.isSimulated === true) &&
      isCrowded &&
      inner.directives.every(({ name }) => name === 'set')
    ) {
      return [{ ...step, path: this.#perhapsSet(inner, term, key, after) }];
    }
    if (decision !== true) {
      const decided = decision === undefined && term.isShared ? decide(after, key, false) : after;
      const isSure = decision !== undefined || this.#isSureBothWays(term);
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
      let taken = traced(after, directive);
      if (holds === undefined) {
        if (term.isShared) taken = decide(taken, key, true);
        const isSure =
          this.#context.isSimulated === true
            ? decision !== undefined
            : term.isShared
              ? term.isChosen
              : this.#isClients;
        taken = { ...taken, certain: taken.certain && isSure };
      }
      for (const [name, value] of groups) taken = withVariable(taken, name, value);
      const begin = { ...step, path: { ...taken, captures }, view: inServer ? step.view : inner };
      next.push(...this.#block(inner, [begin], done));
    }
    return next;
  }

  /** An open condition is no uncertainty where nginx finds it open as well: some client comes each way. */
  #isSureBothWays(term: Term): boolean {
    return this.#context.isSimulated !== true && (term.isShared || this.#isClients);
  }

  /**
   * A map keeps the value that it had when it was first asked, whatever is set afterwards. Where the
   * subrequest is followed it is left open which of the two asked first.
   */
  #remember({ name, args }: Directive, path: Path): Path {
    const { configuration, isSimulated } = this.#context;
    if (isSimulated !== true || configuration.maps.size === 0) return path;
    const texts = name === 'set' ? args.slice(1) : args;
    let next = path;
    for (const one of texts.flatMap(variablesIn)) {
      if (!configuration.maps.has(one) || next.variables.has(one)) continue;
      next = withVariable(next, one, this.evaluate(`\${${one}}`, path));
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

  #rewrite(directive: Directive, step: Step, done: Flow[]): readonly Step[] {
    const { view } = step;
    const { missed, taken } = applyRewrite(directive, step.path, this.#context);
    const next = missed === undefined ? [] : [{ ...step, path: missed }];
    if (taken === undefined) return next;
    const { path } = taken;
    switch (taken.goesTo) {
      case 'client':
        done.push({ kind: 'redirected', status: taken.status, path, view });
        return next;
      case 'next directive':
        return [...next, { ...step, path, isMoved: true }];
      default:
        done.push({ kind: 'through', path, view, isMoved: taken.goesTo === 'location' });
        return next;
    }
  }
}

/** Assigns a value; the arguments of the request are more than a variable. */
function assign(path: Path, variable: string, value: Term): Path {
  const name = bareName(variable);
  if (name !== 'args') return withVariable(path, name, value);
  return { ...path, args: value.text, hasClientQuery: false };
}
