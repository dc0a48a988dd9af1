import type { Random } from '../testkit/random.ts';

/** Something that inputs are tried on. */
export interface Target {
  /** Inputs to begin with: one of each kind that the code tells apart. */
  readonly seeds: readonly string[];
  /** Words that mean something to the code, for mutations. */
  readonly words: readonly string[];
  /** Most characters of an input, when it is made to grow. */
  readonly longest: number;
  /** Makes an input by the grammar of the place it is for. */
  generate(random: Random): string;
  /**
   * Tries an input. Gives the class of its outcome, of which there are few. Throws Broken when a rule
   * does not hold; anything else that is thrown is a fault as well.
   */
  run(input: string): string | Promise<string>;
  close?(): Promise<void>;
}

/** A rule does not hold for an input. */
export class Broken extends Error {
  override readonly name = 'Broken';
  /** Which one: the same for all inputs that break it in this way. */
  readonly rule: string;

  constructor(rule: string, detail = '') {
    super(detail === '' ? rule : `${rule}: ${detail}`);
    this.rule = rule;
  }
}

/** Throws Broken when the rule does not hold. */
export function expect(holds: boolean, rule: string, detail?: unknown): asserts holds {
  if (holds) return;
  throw new Broken(rule, detail === undefined ? '' : (JSON.stringify(detail) ?? String(detail)));
}

/** What a fault is known by, so that a smaller input is one with the same fault and not with another. */
export function faultKey(error: unknown): string {
  if (error instanceof Broken) return error.rule;
  if (!(error instanceof Error)) return String(error);
  const frame = /\n\s+at (?:.*\()?[^()\n]*?(src\/[^\s)]+)/.exec(error.stack ?? '')?.[1];
  return `${error.name} at ${frame ?? 'an unknown place'}`;
}

/** Tries an input: the class of its outcome, or what it broke. */
export async function tryInput(
  target: Pick<Target, 'run'>,
  input: string,
): Promise<{ readonly outcome: string } | { readonly fault: unknown }> {
  try {
    const outcome = target.run(input);
    return { outcome: typeof outcome === 'string' ? outcome : await outcome };
  } catch (fault) {
    return { fault };
  }
}
