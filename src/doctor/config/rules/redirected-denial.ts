import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { appendTo, type Edit, insertInto, replaceDirective } from '../edit.ts';
import type { Report } from '../finding.ts';
import { describe } from '../ground.ts';
import type { End } from '../model/end.ts';
import { isRedirect, readErrorPage } from '../model/error-page.ts';
import { findNamed } from '../model/match.ts';
import type { Entry } from '../model/protection.ts';
import type { Rule } from '../rule.ts';

/** `Unexpected server response: 302`. */
export const redirectedDenial: Rule = {
  code: 'PD001',
  title: 'A denied handshake is redirected',
  severities: ['fault', 'warning', 'notice'],
  *find({ guarded }) {
    for (const entry of guarded) {
      if (!entry.carriesSockets) continue;
      const unknown: Report[] = [];
      const redirected: Report[] = [];
      for (const end of entry.ends('deny')) {
        const report = judge(entry, end, 401);
        if (report !== undefined) (end.kind === 'unknown' ? unknown : redirected).push(report);
      }
      yield* redirected;
      yield* unknown;
      const known = new Set(redirected.map(({ at }) => at));
      for (const end of entry.ends('forbid')) {
        const report = judge(entry, end, 403);
        if (report !== undefined && end.kind === 'answered' && !known.has(report.at)) yield report;
      }
    }
  },
};

function judge(entry: Entry, end: End, status: 401 | 403): Report | undefined {
  const page = pageBehindDenial(end.trail);
  if (page === undefined) return undefined;
  const about = describe(entry.location);
  if (end.kind === 'unknown') {
    return {
      severity: 'notice',
      at: page,
      about,
      meaning: `It cannot be known what a denied handshake is answered here: ${end.why}.`,
      change: 'See to it that the answer is 401 and no redirect: a WebSocket client follows none.',
    };
  }
  if (end.kind !== 'answered' || !isRedirect(end.status)) return undefined;
  return {
    severity: end.certain && status === 401 ? 'fault' : 'warning',
    at: page,
    about,
    because: end.trail.slice(end.trail.indexOf(page) + 1).filter(({ name }) => name !== 'set'),
    meaning: `The auth service says ${status}, and nginx turns that into ${end.status}. A WebSocket client follows no redirect: programs report "Unexpected server response: ${end.status}", browsers only close code 1006.`,
    change:
      status === 401
        ? mendWords(entry, page)
        : `Leave 403 to the client, who is signed in and not allowed: an error_page for 401 alone, or a named location that begins with ${inOneLine}`,
    ...(status === 401 && { edits: mend(entry, page) }),
  };
}

/** The first error page that the denial came to. */
function pageBehindDenial(trail: readonly Directive[]): Directive | undefined {
  const denied = trail.findIndex(({ name }) => name === 'auth_request');
  return denied === -1 ? undefined : trail.slice(denied).find(({ name }) => name === 'error_page');
}

const guard = ['if ($http_upgrade ~* ^websocket$) {', '    return 401;', '}'];
const inOneLine = guard.map((line) => line.trim()).join(' ');

function mendWords({ location, server }: Entry, page: Directive): string {
  const { uri } = readErrorPage(page);
  const own = `error_page 401 = @sign_in; and in the server: location @sign_in { internal; ${inOneLine} return 302 ${uri.startsWith('@') ? '<login>' : uri}; }`;
  if (page.source !== location.directive?.source && page.source !== server.directive?.source) {
    return `To leave ${page.source.name} as it is, put before its include (the first error_page for 401 counts): ${own}`;
  }
  return uri.startsWith('@')
    ? `Put first into location ${uri}: ${inOneLine} Pages still go to the login.`
    : `Let a named location decide: ${own}`;
}

function mend({ server }: Entry, page: Directive): readonly Edit[] {
  const { uri, codes } = readErrorPage(page);
  if (server.directive === undefined || server.directive.words.length === 0) return [];
  if (uri.startsWith('@')) {
    const named = findNamed(server, uri)?.directive;
    return named === undefined ? [] : [insertInto(named, ...guard)];
  }
  const others = codes.filter((code) => code !== 401);
  if (uri.startsWith('/') || uri.startsWith('=') || others.length > 0) return [];
  return [
    replaceDirective(page, 'error_page 401 = @sign_in;'),
    appendTo(
      server.directive,
      'location @sign_in {',
      '    internal;',
      ...guard.map((line) => `    ${line}`),
      `    return 302 ${uri};`,
      '}',
    ),
  ];
}
