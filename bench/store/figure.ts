/** A measured value and its baseline in the same run. */
export interface Figure {
  /** Name of the part on the command line. */
  readonly part: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Description of the baseline. */
  readonly against: string;
  readonly baseline: number;
  /** Goal of the project, for the value or relative to the baseline. */
  readonly goal?: Goal;
}

/** A limit, and what it applies to. */
export type Goal = { readonly of: 'value' | 'ratio' | 'difference' } & (
  | { readonly atMost: number }
  | { readonly atLeast: number }
);

/** Whether the goal is met. */
export function isMet({ value, baseline, goal }: Figure): boolean {
  if (goal === undefined) return true;
  const measured = { value, ratio: value / baseline, difference: value - baseline }[goal.of];
  return 'atMost' in goal ? measured <= goal.atMost : measured >= goal.atLeast;
}
