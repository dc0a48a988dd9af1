import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { type Analysis, describe, unreadAround } from '../analysis.ts';
import { insertBefore } from '../edit.ts';
import type { Report, Severity } from '../finding.ts';
import { ownOrAround } from '../model/content.ts';
import { asksPostern, isPosternsOwn } from '../model/gate-name.ts';
import type { Entry, Proxied } from '../model/protection.ts';
import { headersSent, linesFor } from '../model/request-headers.ts';
import { handshake } from '../model/scenario.ts';
import type { Scope } from '../model/scope.ts';
import { isForSockets } from '../model/socket-paths.ts';
import type { Rule } from '../rule.ts';

/** Upgrade and Connection are hop-by-hop: nginx sends them on only when told to, and both. */
export const upgradeHeaders: Rule = {
  code: 'PD003',
  title: 'The upgrade headers do not reach the backend',
  severities: ['fault', 'warning', 'notice'],
  *find(analysis) {
    const asked = new Set(analysis.authLocations.map(({ location }) => location));
    for (const entry of analysis.entries) {
      if (asked.has(entry.location) || isPosternsOwn(entry.location)) continue;
      const outcomes = [...entry.admitted(), ...entry.passing()];
      for (const outcome of new Map(outcomes.map((outcome) => [outcome.view, outcome])).values()) {
        yield* judgeEnd(analysis, entry, outcome);
      }
    }
  },
};

function* judgeEnd(analysis: Analysis, entry: Entry, outcome: Proxied): Generator<Report> {
  const { view, environment } = outcome;
  const { configuration } = analysis;
  const about = describe(entry.location);
  const context = { configuration, scenario: handshake, environment };
  const upgrades = headersSent(view, 'Upgrade', context).filter(({ value }) => value !== '');
  const connections = headersSent(view, 'Connection', context).filter(({ value }) => value !== '');
  const joins = connections.some(({ value }) => value === undefined || /\bupgrade\b/i.test(value));
  const severity = outcome.certain ? 'fault' : 'warning';
  const [first, second] = upgrades;
  if (first !== undefined && second !== undefined) {
    yield {
      severity,
      at: second.directive,
      about,
      because: [first.directive],
      meaning:
        'The header Upgrade is sent twice. Most backends read "websocket, websocket" and refuse the handshake.',
      change:
        'Take one of the two lines away. A later proxy_set_header does not replace an earlier one.',
    };
  } else if (first !== undefined && !joins && unreadAround(view) === undefined) {
    yield {
      severity,
      at: first.directive,
      about,
      because: connections.map(({ directive }) => directive),
      meaning: `The backend gets Upgrade, but ${connections.length === 0 ? '"Connection: close"' : 'a Connection that does not name it'}, and answers with an ordinary page or 400 instead of 101.`,
      change: 'Add: proxy_set_header Connection "upgrade";',
      ...(connections.length === 0 && {
        edits: [insertBefore(first.directive, 'proxy_set_header Connection "upgrade";')],
      }),
    };
  } else if (first === undefined) {
    const lost = lostLine(view);
    const half = connections.find(({ value }) => value?.toLowerCase() === 'upgrade');
    if (lost !== undefined) {
      yield {
        severity,
        at: lost.by,
        about,
        because: [lost.line],
        meaning:
          'The proxy_set_header lines for upgrades stand one level up. This block has a proxy_set_header of its own, so nginx forgets all inherited ones: no handshake gets through.',
        change:
          'Repeat in this block: proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; (and every other inherited line that is still wanted).',
      };
    } else if (half !== undefined && unreadAround(view) === undefined) {
      yield {
        severity,
        at: half.directive,
        about,
        meaning:
          'The backend gets "Connection: upgrade" without an Upgrade: no handshake gets through.',
        change: 'Add: proxy_set_header Upgrade $http_upgrade;',
        edits: [insertBefore(half.directive, 'proxy_set_header Upgrade $http_upgrade;')],
      };
    } else if (unreadAround(view) === undefined) {
      yield* judgeSilence(analysis, entry, outcome);
    }
  }
}

/** Neither of the two headers is mentioned, at a place where handshakes are to be expected. */
function* judgeSilence(analysis: Analysis, entry: Entry, { view }: Proxied): Generator<Report> {
  const proxy = ownOrAround(view, 'proxy_pass');
  const why = reasonToExpectSockets(analysis, entry);
  if (proxy === undefined || why === undefined) return;
  const own = view.effective('proxy_set_header');
  // A first line of its own would make the block forget those around it.
  const isMechanical = own.length === 0 || own.every(({ source }) => source === proxy.source);
  const isHere = own.length === 0 || entry.location.own('proxy_set_header').length > 0;
  yield {
    severity: why.severity,
    at: proxy,
    about: describe(entry.location),
    because: why.because,
    meaning: `${why.text}, and nothing here passes Upgrade and Connection on: nginx keeps both to itself, so no handshake gets through to the backend.`,
    change: `If sockets come here, add: ${lines.join(' ')}`,
    ...(isMechanical && isHere && { edits: [insertBefore(proxy, ...lines)] }),
  };
}

const lines = [
  'proxy_http_version 1.1;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection "upgrade";',
];

function reasonToExpectSockets(
  { guardedIn }: Analysis,
  entry: Entry,
): { severity: Severity; text: string; because: readonly Directive[] } | undefined {
  const others = guardedIn.get(entry.server) ?? [];
  if (isForSockets(entry.location) && others.length > 0) {
    return { severity: 'warning', text: 'The path is one for sockets by its name', because: [] };
  }
  const { authRequest } = entry;
  if (authRequest === undefined) return undefined;
  if (asksPostern(authRequest)) {
    const text = 'Postern is asked here, which is for handshakes';
    return { severity: 'notice', text, because: [authRequest] };
  }
  const backends = entry.backends();
  const twin = others.find(
    (one) =>
      one.carriesSockets &&
      [...one.backends(one.admitted())].some((backend) => backends.has(backend)),
  );
  if (twin === undefined) return undefined;
  const text = `${describe(twin.location)} passes upgrades on to the same backend`;
  return { severity: 'notice', text, because: twin.admitted()[0]?.trace.slice(-1) ?? [] };
}

/** A line for Upgrade further out, and the line here that makes nginx forget it. */
function lostLine(view: Scope): { line: Directive; by: Directive } | undefined {
  const [by] = view.effective('proxy_set_header');
  if (by === undefined || linesFor(view, 'Upgrade').length > 0) return undefined;
  for (const scope of view.chain()) {
    const line = scope
      .own('proxy_set_header')
      .find(({ args }) => args[0]?.toLowerCase() === 'upgrade' && args[1] !== '');
    if (line !== undefined) return { line, by };
  }
  return undefined;
}
