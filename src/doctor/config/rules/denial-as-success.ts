import { describe } from '../analysis.ts';
import type { Report } from '../finding.ts';
import type { Outcome } from '../model/outcome.ts';
import { type Entry, isErrorPage } from '../model/protection.ts';
import type { Rule } from '../rule.ts';

/** `error_page 401 =200 /login`. */
export const denialAsSuccess: Rule = {
  code: 'PD008',
  title: 'A denial is answered as a success',
  severities: ['fault', 'warning'],
  *find({ guarded }) {
    for (const entry of guarded) {
      const isSocket = entry.carriesSockets;
      for (const outcome of entry.outcomes('deny')) {
        if (isErrorPage(outcome)) yield* judgePage(entry, outcome, isSocket);
      }
    }
  },
};

function* judgePage(entry: Entry, outcome: Outcome, isSocket: boolean): Generator<Report> {
  if (outcome.kind === 'unknown') return;
  const at = outcome.trace.findLast(({ name }) => name === 'error_page');
  if (at === undefined) return;
  const { status } = outcome;
  const about = describe(entry.location);
  const change = isSocket
    ? 'Keep the status: error_page 401 /login; (without "="). Better still: a named location that answers a handshake with a plain 401, as in docs/doctor/PD001.md.'
    : 'Keep the status: error_page 401 /login; (without "="). Browsers show the page all the same.';
  if (status !== undefined && status < 300) {
    yield {
      severity: isSocket && outcome.certain ? 'fault' : 'warning',
      at,
      about,
      meaning: `A denied request gets ${status}. ${isSocket ? `A WebSocket client reports "Unexpected server response: ${status}", and p` : 'P'}rograms, caches and monitoring take the login page for the answer they asked for.`,
      change,
    };
  } else if (status === undefined && outcome.kind === 'proxied') {
    yield {
      severity: 'warning',
      at,
      about,
      because: outcome.trace.slice(-1),
      meaning:
        'With "=" and nothing behind it, a denied request gets whatever status the page\'s own backend answers, which for a login page is 200.',
      change,
    };
  }
}
