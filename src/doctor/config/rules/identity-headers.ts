import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { Analysis } from '../analysis.ts';
import { describe, unreadAround } from '../analysis.ts';
import type { Report } from '../finding.ts';
import { backendOf, type Entry } from '../model/protection.ts';
import { linesFor } from '../model/request-headers.ts';
import type { Scope } from '../model/scope.ts';
import { variablesIn } from '../model/value.ts';
import type { Rule } from '../rule.ts';

/** A client that sends `Remote-User: admin` itself. */
export const identityHeaders: Rule = {
  code: 'PD006',
  title: 'A client can name itself to the backend',
  severities: ['fault', 'warning'],
  *find(analysis) {
    const asked = new Set(analysis.authLocations.map(({ location }) => location));
    for (const entry of analysis.entries) {
      // What is said to the auth service itself is no identity of anybody's.
      if (asked.has(entry.location)) continue;
      const known = trustedHeaders(analysis, entry);
      yield* unusedAnswers(entry, known);
      for (const outcome of entry.reaching()) {
        if (unreadAround(outcome.view) !== undefined) continue;
        const open = [...known].filter(([header]) => linesFor(outcome.view, header).length === 0);
        if (open.length === 0) continue;
        const names = open.map(([, line]) => line.args[0] ?? '');
        const [at] = outcome.trace.filter(({ name }) => name === 'proxy_pass').slice(-1);
        if (at === undefined) continue;
        const own = outcome.view.effective('proxy_set_header');
        yield {
          // Whether an application believes the header on its open pages too is not known.
          severity: outcome.certain && outcome.authenticated ? 'fault' : 'warning',
          at,
          about: describe(entry.location),
          because: [...open.map(([, line]) => line), ...own.slice(0, 1)],
          meaning:
            `Elsewhere the backend ${backendOf(analysis.configuration, outcome) ?? ''} is told who it is by ${names.join(', ')}. Here ${own.length > 0 ? 'those lines are not in force, since nginx inherits proxy_set_header only where a block has none of its own' : 'no line sets them'}: a client that sends ${names[0]} itself is believed.`.replace(
              '  ',
              ' ',
            ),
          change: `Set every one of them in this block: ${open.map(([, { args }]) => `proxy_set_header ${args[0]} ${isFromAuth(outcome.view, args[1] ?? '') ? args[1] : '""'};`).join(' ')}`,
        };
      }
    }
  },
};

/** Headers of auth services that name somebody. */
const naming = /^upstream_http_((?:remote|x)_\w*(?:user|username|email|name|groups|uid))$/;

/** What the auth service says is read, and not passed on: the client's own header may be. */
function* unusedAnswers(entry: Entry, known: ReadonlyMap<string, Directive>): Generator<Report> {
  for (const outcome of entry.admitted()) {
    const lines = outcome.view.effective('proxy_set_header');
    const used = new Set(lines.flatMap(({ args }) => variablesIn(args[1] ?? '')));
    for (const line of outcome.view.effective('auth_request_set')) {
      const [variable = '', source = ''] = line.args;
      const header = naming.exec(variablesIn(source)[0] ?? '')?.[1]?.replaceAll('_', '-');
      if (header === undefined || used.has(variable.replace('$', ''))) continue;
      if (known.has(header) || linesFor(outcome.view, header).length > 0) continue;
      if (unreadAround(outcome.view) !== undefined) continue;
      yield {
        severity: 'warning',
        at: line,
        about: describe(entry.location),
        meaning: `The auth service says who it is in ${header}, and the backend is not told: if it reads ${header}, it reads what the client sent.`,
        change: `Add: proxy_set_header ${header} ${variable};`,
      };
    }
  }
}

/** Headers that tell this backend, somewhere in this server, what the auth service said. */
function trustedHeaders(
  { configuration, guardedIn }: Analysis,
  entry: Entry,
): ReadonlyMap<string, Directive> {
  const headers = new Map<string, Directive>();
  const backends = entry.backends();
  const scopes = new Set<Scope>(entry.location.chain());
  for (const other of guardedIn.get(entry.server) ?? []) {
    for (const outcome of other.admitted()) {
      const backend = backendOf(configuration, outcome);
      if (backend !== undefined && backends.has(backend)) scopes.add(outcome.view);
    }
  }
  for (const scope of scopes) {
    // An "if" has none of its own: what is in force there stands in the location around it.
    for (const line of scope.effective('proxy_set_header')) {
      const header = line.args[0]?.toLowerCase() ?? '';
      if (headers.has(header) || !isIdentityHeader(header)) continue;
      if (isFromAuth(scope, line.args[1] ?? '')) headers.set(header, line);
    }
  }
  return headers;
}

/** The value comes from the answer of the auth service. */
function isFromAuth(scope: Scope, value: string): boolean {
  const names = variablesIn(value);
  if (names.length === 0) return false;
  const answers = scope.effective('auth_request_set');
  return names.some(
    (name) =>
      name.startsWith('upstream_http_') ||
      answers.some(({ args }) => args[0] === `$${name}` && args[1]?.includes('$upstream_')),
  );
}

/** What clients send in any case is no identity, whatever the auth service makes of it. */
function isIdentityHeader(header: string): boolean {
  return !/^(cookie|authorization|proxy-authorization|referer|host|connection|upgrade|sec-.*)$/.test(
    header,
  );
}
