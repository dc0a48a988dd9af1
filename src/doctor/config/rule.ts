import type { Report, RuleCode } from './finding.ts';
import type { Ground } from './ground.ts';

/** One thing that can be wrong with a configuration. */
export interface Rule {
  readonly code: RuleCode;
  readonly title: string;
  find(ground: Ground): Iterable<Report>;
}
