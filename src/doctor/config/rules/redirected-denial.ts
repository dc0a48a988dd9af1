import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { remedy } from '../../remedy.ts';
import { describe } from '../analysis.ts';
import type { Report } from '../finding.ts';
import type { Configuration } from '../model/configuration.ts';
import { isRedirect } from '../model/error-page.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Entry } from '../model/protection.ts';
import type { Rule } from '../rule.ts';
import { includeRemedyIn, remedyPath } from './remedy-edits.ts';

/** `Unexpected server response: 302`. */
export const redirectedDenial: Rule = {
  code: 'PD001',
  title: 'A denied handshake is redirected',
  severities: ['fault', 'warning', 'notice'],
  *find({ configuration, guarded }) {
    for (const entry of guarded) {
      if (!entry.carriesSockets) continue;
      const unknown: Report[] = [];
      const redirected: Report[] = [];
      for (const outcome of entry.outcomes('deny')) {
        const report = judge(configuration, entry, outcome, 401);
        if (report !== undefined) (outcome.kind === 'unknown' ? unknown : redirected).push(report);
      }
      yield* redirected;
      yield* unknown;
      const known = new Set(redirected.map(({ at }) => at));
      for (const outcome of entry.outcomes('forbid')) {
        const report = judge(configuration, entry, outcome, 403);
        if (report !== undefined && outcome.kind === 'answered' && !known.has(report.at))
          yield report;
      }
    }
  },
};

function judge(
  configuration: Configuration,
  entry: Entry,
  outcome: Outcome,
  status: 401 | 403,
): Report | undefined {
  const page = pageBehindDenial(outcome.trace);
  if (page === undefined) return undefined;
  const about = describe(entry.location);
  if (outcome.kind === 'unknown') {
    return {
      severity: 'notice',
      at: page,
      about,
      meaning: `It cannot be known what a denied handshake is answered here: ${outcome.why}.`,
      change: 'See to it that the answer is 401 and no redirect: a WebSocket client follows none.',
    };
  }
  if (outcome.kind !== 'answered' || !isRedirect(outcome.status)) return undefined;
  return {
    severity: outcome.certain && status === 401 ? 'fault' : 'warning',
    at: page,
    about,
    because: outcome.trace
      .slice(outcome.trace.indexOf(page) + 1)
      .filter(({ name }) => name !== 'set'),
    meaning: `The auth service says ${status}, and nginx turns that into ${outcome.status}. A WebSocket client follows no redirect: programs report "Unexpected server response: ${outcome.status}", browsers only close code 1006.`,
    change:
      status === 401
        ? remedyWords(remedyPath(configuration))
        : `Leave 403 to the client, who is signed in and not allowed: an error_page for 401 alone, or a named location that begins with ${inOneLine}`,
    ...(status === 401 && { edits: includeRemedyIn(configuration, entry.location) }),
  };
}

/** The remedy, with the path under which nginx would find the file. */
function remedyWords(path: string): string {
  return `Answer upgrades with 401 instead: "include ${path};" ${remedy.place} ${remedy.about}`;
}

/** The first error page that the denial came to. */
function pageBehindDenial(trace: readonly Directive[]): Directive | undefined {
  const denied = trace.findIndex(({ name }) => name === 'auth_request');
  return denied === -1 ? undefined : trace.slice(denied).find(({ name }) => name === 'error_page');
}

const guard = ['if ($http_upgrade ~* ^websocket$) {', '    return 401;', '}'];
const inOneLine = guard.map((line) => line.trim()).join(' ');
