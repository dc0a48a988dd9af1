import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { insertBefore } from '../edit.ts';
import type { Report } from '../finding.ts';
import { describe, type Ground, unreadAround } from '../ground.ts';
import type { Entry, Proxied } from '../model/protection.ts';
import { headersSent, linesFor } from '../model/request-headers.ts';
import { handshake } from '../model/scenario.ts';
import type { Scope } from '../model/scope.ts';
import type { Rule } from '../rule.ts';

/** Upgrade and Connection are hop-by-hop: nginx sends them on only when told to, and both. */
export const upgradeHeaders: Rule = {
  code: 'PD003',
  title: 'The upgrade headers do not reach the backend',
  severities: ['fault', 'warning'],
  *find(ground) {
    for (const entry of ground.entries) {
      const ends = [...entry.admitted(), ...entry.passing()];
      for (const end of new Map(ends.map((end) => [end.view, end])).values()) {
        yield* judgeEnd(ground, entry, end);
      }
    }
  },
};

function* judgeEnd(ground: Ground, entry: Entry, end: Proxied): Generator<Report> {
  const { view, environment } = end;
  const { configuration } = ground;
  const about = describe(entry.location);
  const context = { configuration, scenario: handshake, environment };
  const upgrades = headersSent(view, 'Upgrade', context).filter(({ value }) => value !== '');
  const connections = headersSent(view, 'Connection', context).filter(({ value }) => value !== '');
  const joins = connections.some(({ value }) => value === undefined || /\bupgrade\b/i.test(value));
  const severity = end.certain ? 'fault' : 'warning';
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
    }
  }
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
