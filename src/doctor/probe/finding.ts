import { catalog, type FindingCode } from './catalog.ts';
import type { FindingRule, Severity } from './finding-rule.ts';
import type { Speaker } from './speaker.ts';

/** Something that a check found out. */
export interface Finding extends Omit<FindingRule, 'terminal'> {
  readonly code: FindingCode;
  /** What was seen. Holds no secret once the mask of the probe was applied. */
  readonly evidence: string;
  /** Who made the answer, where that can be told. */
  readonly speaker?: Speaker;
}

/** A finding of this kind; `special` replaces what the catalogue says where more is known. */
export function finding(
  code: FindingCode,
  evidence: string,
  special: {
    readonly meaning?: string;
    readonly change?: string;
    readonly speaker?: Speaker;
  } = {},
): Finding {
  const { terminal: _, ...rule }: FindingRule = catalog[code];
  return { code, ...rule, evidence, ...special };
}

/** True when no check can run after this finding. */
export function isTerminal({ code }: Finding): boolean {
  const rule: FindingRule = catalog[code];
  return rule.terminal === true;
}

/** The worst severity among the findings; `ok` when there are none. */
export function worst(findings: readonly Finding[]): Severity {
  const all = findings.map(({ severity }) => severity);
  return all.includes('fault') ? 'fault' : all.includes('warning') ? 'warning' : 'ok';
}
