import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { judge } from './condition.ts';
import { bareName, type Configuration } from './configuration.ts';
import type { End } from './end.ts';
import { capture, matches, variablesOf } from './pattern.ts';
import type { Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import type { State } from './state.ts';
import { evaluate, evaluateBeginning, type Setting } from './value.ts';

/** What became of a request in a list of rewrite directives. */
export interface Flow {
  /** Ends that it may have come to there. */
  readonly ends: readonly End[];
  /** It goes on to the next phase. */
  readonly goesOn: boolean;
  readonly isSure: boolean;
  /** No further rewrite directive counts: `return`, `break`, or a rewrite that left. */
  readonly isOver: boolean;
}

interface Rewritten {
  readonly ends: readonly End[];
  readonly request: 'left' | 'perhaps' | 'stays' | 'ready';
}

/** The directives of nginx's rewrite module. */
const rewriting: ReadonlySet<string> = new Set(['set', 'if', 'return', 'rewrite', 'break']);

/** What the rewrite phase hands a request on to. */
export interface Onward {
  /** A `return`. */
  answer(directive: Directive, view: Scope, state: State): readonly End[];
  /** Another location is looked for. */
  goTo(path: string, state: State): readonly End[];
}

/** The phase that comes before access: `set`, `if`, `return`, `rewrite` and `break`. */
export class RewritePhase {
  readonly #configuration: Configuration;
  readonly #scenario: Scenario;
  readonly #onward: Onward;

  constructor(configuration: Configuration, scenario: Scenario, onward: Onward) {
    this.#configuration = configuration;
    this.#scenario = scenario;
    this.#onward = onward;
  }

  /**
   * Runs `set`, `if`, `return` and `rewrite` of a block. Says whether the request goes on to the next
   * phase, and whether that is sure. `views` collects the `if` blocks whose directives may be in force.
   */
  run(scope: Scope, state: State, location: Scope, views: Set<Scope> = new Set()): Flow {
    const ends: End[] = [];
    let isSure = state.certain;
    const setting = this.#setting(state);
    for (const directive of scope.directives) {
      const { name, args } = directive;
      if (!rewriting.has(name)) continue;
      const now: State = { ...state, certain: isSure, trail: [...state.trail, directive] };
      if (name === 'set') {
        state.environment.set(bareName(args[0] ?? ''), evaluate(args[1] ?? '', setting));
      } else if (name === 'break') {
        state.moves.pending = false;
        return { ends, goesOn: true, isSure, isOver: true };
      } else if (name === 'return') {
        // Error pages are those of the last `if` that held.
        const [view = location] = views;
        ends.push(...this.#onward.answer(directive, view, now));
        return { ends, goesOn: false, isSure, isOver: true };
      } else if (name === 'rewrite') {
        const effect = this.#rewriteUri(directive, location, now);
        ends.push(...effect.ends);
        if (effect.request === 'left') return { ends, goesOn: false, isSure, isOver: true };
        if (effect.request === 'perhaps') isSure = false;
        if (effect.request === 'ready') return { ends, goesOn: true, isSure, isOver: true };
      } else if (name === 'if') {
        const inner = scope.childOf(directive);
        const holds = judge(args, setting);
        if (inner === undefined || holds === false) continue;
        if (holds) {
          // From here on the directives of the "if" are in force, however few they are.
          views.clear();
          views.add(inner);
          const flow = this.run(inner, now, location, views);
          ends.push(...flow.ends);
          isSure = flow.isSure;
          if (flow.isOver) return { ...flow, ends };
        } else {
          const flow = this.#perhaps(inner, now, location, views);
          ends.push(...flow.ends);
          isSure &&= !flow.isOver;
        }
      }
    }
    return { ends, goesOn: true, isSure, isOver: false };
  }

  /** An `if` that may hold or not. What follows is unsure where it would not go on. */
  #perhaps(inner: Scope, state: State, location: Scope, views: Set<Scope>): Flow {
    const before = state.environment;
    const environment = new Map(before);
    const moves = { ...state.moves, lines: [...state.moves.lines] };
    const flow = this.run(
      inner,
      { ...state, environment, moves, certain: false },
      location,
      new Set([inner]),
    );
    for (const [name, value] of environment) {
      if (!before.has(name) || before.get(name) !== value) before.set(name, undefined);
    }
    if (hasOwnSettings(inner) && flow.goesOn) views.add(inner);
    return flow;
  }

  #rewriteUri(directive: Directive, location: Scope, state: State): Rewritten {
    const [pattern = '', replacement = '', flag] = directive.args;
    const uri = state.environment.get('uri');
    if (uri !== undefined) return this.#rewriteKnown(directive, uri, location, state);
    const applies = this.#matches(pattern, location);
    if (applies === 'never') return { ends: [], request: 'stays' };
    const now = { ...state, certain: state.certain && applies === 'always' };
    const beginning = evaluateBeginning(replacement, this.#setting(state));
    const left = applies === 'always' ? 'left' : 'perhaps';
    if (/^https?:\/\//.test(beginning) || flag === 'redirect' || flag === 'permanent') {
      const status = flag === 'permanent' ? 301 : 302;
      return {
        ends: [
          { kind: 'answered', status, guarded: false, certain: now.certain, trail: now.trail },
        ],
        request: left,
      };
    }
    // In the server block the URI changes before a location is chosen.
    if (location.kind !== 'location') return { ends: [], request: 'perhaps' };
    if (flag === 'break') return { ends: [], request: applies === 'always' ? 'ready' : 'perhaps' };
    return { ends: this.#onward.goTo(beginning, now), request: left };
  }

  /** The same for a request whose path is known. */
  #rewriteKnown(directive: Directive, uri: string, location: Scope, state: State): Rewritten {
    const [pattern = '', replacement = '', flag] = directive.args;
    const found = capture(pattern, false, uri);
    if (found === null) return { ends: [], request: 'stays' };
    if (found === undefined) return { ends: [], request: 'perhaps' };
    const status = flag === 'permanent' ? 301 : 302;
    const { certain, trail } = state;
    const setting = this.#setting(state);
    const filled = {
      ...setting,
      environment: new Map([...setting.environment, ...variablesOf(found)]),
    };
    const beginning = evaluateBeginning(replacement, filled);
    const isElsewhere =
      /^(https?:\/\/|\$scheme)/.test(replacement) || /^https?:\/\//.test(beginning);
    if (isElsewhere || flag === 'redirect' || flag === 'permanent') {
      return {
        ends: [{ kind: 'answered', status, guarded: false, certain, trail }],
        request: 'left',
      };
    }
    state.moves.lines.push(directive);
    const path = evaluate(replacement.split('?')[0] ?? '', filled);
    if (location.kind === 'location' && flag === 'last') {
      return { ends: this.#onward.goTo(path ?? '', state), request: 'left' };
    }
    // An unknown path stays unknown: whatever hangs on it is then unsure.
    moveTo(state.environment, path);
    state.moves.pending = location.kind === 'location' && flag === undefined;
    if (path === undefined) return { ends: [], request: 'perhaps' };
    return { ends: [], request: flag === undefined ? 'stays' : 'ready' };
  }

  #matches(pattern: string, location: Scope): 'always' | 'never' | 'perhaps' {
    if (/^(\^|\.\*|\^\.\*|\^\/?\(?\.\*\)?\$?|\^\/)$/.test(pattern)) return 'always';
    const { match } = location;
    if (match?.kind !== 'exact') return 'perhaps';
    const fits = matches(pattern, false, match.path);
    return fits === undefined ? 'perhaps' : fits ? 'always' : 'never';
  }

  #setting({ environment }: State): Setting {
    return { configuration: this.#configuration, scenario: this.#scenario, environment };
  }
}

/** Variables that hold the path of a request, where it is known. */
export const pathVariables = ['uri', 'document_uri'] as const;

/** Gives a known request another path. */
export function moveTo(
  environment: Map<string, string | undefined>,
  path: string | undefined,
): void {
  for (const name of pathVariables) environment.set(name, path);
}

/** True where an `if` has more than `set`, `return` and the like, which have their own say. */
function hasOwnSettings(scope: Scope): boolean {
  return scope.directives.some(({ name }) => !rewriting.has(name));
}
