/** Something that was measured, beside what it is compared with in the same run. */
export interface Figure {
  /** What the part is called on the command line. */
  readonly part: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What the baseline is. */
  readonly against: string;
  readonly baseline: number;
  /** What the project aims at, for the value itself or for what it is beside the baseline. */
  readonly goal?: Goal;
}

/** A limit, and what it is a limit of. */
export type Goal = { readonly of: 'value' | 'ratio' | 'difference' } & (
  | { readonly atMost: number }
  | { readonly atLeast: number }
);

/** Whether the goal was reached. */
export function isMet({ value, baseline, goal }: Figure): boolean {
  if (goal === undefined) return true;
  const measured = { value, ratio: value / baseline, difference: value - baseline }[goal.of];
  return 'atMost' in goal ? measured <= goal.atMost : measured >= goal.atLeast;
}
