import { catalog, type FindingCode } from './catalog.ts';

/** How bad it is: as it should be, worth a look, or broken for clients. */
export type Severity = 'ok' | 'warning' | 'fault';

/** What a kind of finding always says. */
export interface FindingRule {
  readonly severity: Severity;
  /** One line for people. */
  readonly title: string;
  /** What it means for clients, in a sentence or two. */
  readonly meaning: string;
  /** What to change, and where; nothing when there is nothing to change. */
  readonly change?: string;
  /** True when nothing else can be looked at after this one. */
  readonly ends?: true;
}

/** Something that a check found out. */
export interface Finding extends Omit<FindingRule, 'ends'> {
  readonly code: FindingCode;
  /** What was seen. Holds no secret once the mask of the probe was applied. */
  readonly evidence: string;
}

/** A finding of this kind; `special` replaces what the catalogue says where more is known. */
export function finding(
  code: FindingCode,
  evidence: string,
  special: { readonly meaning?: string; readonly change?: string } = {},
): Finding {
  const { ends: _, ...rule }: FindingRule = catalog[code];
  return { code, ...rule, evidence, ...special };
}

/** True when nothing can be looked at after this finding. */
export function ends({ code }: Finding): boolean {
  const rule: FindingRule = catalog[code];
  return rule.ends === true;
}

/** The worst severity among the findings; `ok` when there are none. */
export function worst(findings: readonly Finding[]): Severity {
  const all = findings.map(({ severity }) => severity);
  return all.includes('fault') ? 'fault' : all.includes('warning') ? 'warning' : 'ok';
}
