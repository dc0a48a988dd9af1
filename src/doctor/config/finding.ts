import { replaceInvisible } from '../../lib/replace-invisible.ts';
import type { Directive, Place } from '../../proxies/nginx/syntax/index.ts';
import type { Edit } from './edit.ts';

/**
 * How bad it is. A fault: something does not work, or is open that should not be. A warning: it is
 * so only under circumstances that the configuration does not tell. A notice: good to know.
 */
export const severities = ['fault', 'warning', 'notice'] as const;
export type Severity = (typeof severities)[number];

/** The stable name of a rule. */
export type RuleCode = `PD${number}`;

/** What a rule says about one directive. */
export interface Report {
  readonly severity: Severity;
  /** The directive to look at first. */
  readonly at: Directive;
  /** Where it matters: `location /ws of app.example.com`. */
  readonly about: string;
  /** Other directives that make it so, in the order in which nginx comes to them. */
  readonly because?: readonly Directive[];
  /** What nginx does because of it. */
  readonly meaning: string;
  /** What to write instead. */
  readonly change: string;
  /** The same as edits, where the change is mechanical. */
  readonly edits?: readonly Edit[];
}

/** A report with the rule it comes from, for all the places that share its directive. */
export interface Finding {
  readonly code: RuleCode;
  readonly title: string;
  readonly severity: Severity;
  readonly place: Place;
  /** The directive as it is written. */
  readonly excerpt: string;
  readonly evidence: readonly { readonly place: Place; readonly excerpt: string }[];
  readonly about: readonly string[];
  readonly meaning: string;
  readonly change: string;
  readonly edits: readonly Edit[];
}

/** A directive in one line, without what stands in its block. */
export function excerptOf({ words, name, args, block }: Directive): string {
  const text = [name, ...args.map(quote)].join(' ');
  const short = text.length > 100 ? `${text.slice(0, 99)}…` : text;
  return words.length === 0 ? name : `${short}${block === undefined ? ';' : ' {'}`;
}

function quote(word: string): string {
  const shown = replaceInvisible(word);
  const isBare = shown !== '' && !/[\s;{}]/.test(shown.replaceAll(/\$\{\w+\}/g, ''));
  return isBare ? shown : `"${shown}"`;
}
