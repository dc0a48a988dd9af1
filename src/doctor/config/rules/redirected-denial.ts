import type { Directive } from '../../../nginx/syntax/index.ts';
import { appendTo, type Edit, insertInto, replaceDirective } from '../edit.ts';
import { describe } from '../ground.ts';
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
      for (const end of entry.ends('deny')) {
        const page = pageBehindDenial(end.trail);
        if (page === undefined) continue;
        const about = describe(entry.location);
        const because = end.trail
          .slice(end.trail.indexOf(page) + 1)
          .filter(({ name }) => name !== 'set');
        if (end.kind === 'unknown') {
          yield {
            severity: 'notice',
            at: page,
            about,
            meaning: `It cannot be known what a denied handshake is answered here: ${end.why}.`,
            change:
              'See to it that the answer is 401 and no redirect: a WebSocket client follows none.',
          };
        } else if (end.kind === 'answered' && isRedirect(end.status)) {
          yield {
            severity: end.certain ? 'fault' : 'warning',
            at: page,
            about,
            because,
            meaning: `The auth service says 401, and nginx turns that into ${end.status}. A WebSocket client follows no redirect: programs report "Unexpected server response: ${end.status}", browsers only close code 1006.`,
            change: mendWords(entry, page),
            edits: mend(entry, page),
          };
        }
      }
    }
  },
};

/** The first error page that the denial came to. */
function pageBehindDenial(trail: readonly Directive[]): Directive | undefined {
  const denied = trail.findIndex(({ name }) => name === 'auth_request');
  return denied === -1 ? undefined : trail.slice(denied).find(({ name }) => name === 'error_page');
}

const guard = ['if ($http_upgrade ~* ^websocket$) {', '    return 401;', '}'];

function mendWords({ location, server }: Entry, page: Directive): string {
  const { uri } = readErrorPage(page);
  const inOneLine = guard.map((line) => line.trim()).join(' ');
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
