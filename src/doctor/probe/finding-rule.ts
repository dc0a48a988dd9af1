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
  /** True when no check after this one can run. */
  readonly terminal?: true;
}
