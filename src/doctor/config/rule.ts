import type { Analysis } from './analysis.ts';
import type { Report, RuleCode, Severity } from './finding.ts';

/** One thing that can be wrong with a configuration. */
export interface Rule {
  readonly code: RuleCode;
  readonly title: string;
  /** What its findings may be, the worst first. */
  readonly severities: readonly [Severity, ...Severity[]];
  /** It compares with Postern's gates, and finds nothing without them. */
  readonly needsGates?: true;
  find(analysis: Analysis): Iterable<Report>;
}
