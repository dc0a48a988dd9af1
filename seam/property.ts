import type { Random } from '../testkit/random.ts';

/** Something that holds where Postern, nginx and what stands behind it meet, whatever is sent. */
export interface Property {
  /** Starts all that it is tried on. */
  open(): Promise<Bench>;
}

/** Where a property is tried. */
export interface Bench {
  /** Tries what has to pass, and what must not: a property that nothing can break is worth nothing. */
  check(): Promise<void>;
  /** Tries what once broke it, or was thought of. */
  tryKnown(): Promise<Findings>;
  /** Tries so many random cases. */
  run(random: Random, cases: number): Promise<Findings>;
  /** Tries a case again, from the text in its Finding. Rejects when it is none. */
  replay(text: string): Promise<Findings>;
  close(): Promise<void>;
}

/** What cases came to. */
export interface Findings {
  readonly cases: number;
  /** Few classes, and how many cases came to each. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** What was found broken, each in its own way. */
  readonly broken: readonly Finding[];
}

/** A case that broke the property, as small as it became. */
export interface Finding {
  /** The same for all that are broken in the same way. */
  readonly key: string;
  /** What happened, for people. */
  readonly words: string;
  /** The case, for `--replay`. */
  readonly text: string;
}
