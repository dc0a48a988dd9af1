import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { type Analysis, describe, unreadAround } from '../analysis.ts';
import { insertBefore, replaceArgument } from '../edit.ts';
import type { Report } from '../finding.ts';
import { ownOrAround } from '../model/content.ts';
import { isPosternsOwn } from '../model/gate-name.ts';
import { type Entry, type Proxied, passesUpgrade } from '../model/protection.ts';
import { linesFor } from '../model/request-headers.ts';
import { isForSockets } from '../model/socket-paths.ts';
import type { Rule } from '../rule.ts';

const line = 'proxy_set_header Host $host;';

/** `$proxy_host` is what nginx sends without being told anything. */
export const backendHost: Rule = {
  code: 'PD041',
  title: 'The backend does not get the host of the request',
  severities: ['warning'],
  *find(analysis) {
    const asked = new Set(analysis.authLocations.map(({ location }) => location));
    for (const entry of analysis.entries) {
      if (asked.has(entry.location) || isPosternsOwn(entry.location)) continue;
      if (!analysis.guardedIn.has(entry.server)) continue;
      const seen = new Set<Directive>();
      for (const outcome of entry.reaching()) {
        const report = judge(analysis, entry, outcome);
        if (report === undefined || seen.has(report.at)) continue;
        seen.add(report.at);
        yield report;
      }
    }
  },
};

function judge({ configuration }: Analysis, entry: Entry, outcome: Proxied): Report | undefined {
  const { view } = outcome;
  const proxy = ownOrAround(view, 'proxy_pass');
  if (proxy === undefined) return undefined;
  const own = linesFor(view, 'Host').filter(({ args }) => args[1] !== '');
  const [first, second] = own;
  const base = { severity: 'warning', about: describe(entry.location) } as const;
  if (first !== undefined && second !== undefined) {
    return {
      ...base,
      at: second,
      because: [first],
      meaning:
        'The backend gets two Host headers. Most servers answer 400 (RFC 9112, section 3.2), others take the first.',
      change: remedyForTwo(first, second),
    };
  }
  const isForSocket = isForSockets(entry.location) || passesUpgrade(configuration, outcome);
  if (!isForSocket) return undefined;
  const compares =
    'Applications that compare Origin with Host refuse the handshake (403, "origin not allowed"), and links and redirects lead to that name.';
  if (first !== undefined) {
    if (!/\$\{?proxy_host\b/.test(first.args[1] ?? '')) return undefined;
    return {
      ...base,
      at: first,
      because: [proxy],
      meaning: `$proxy_host is the name in proxy_pass, not the host of the request. ${compares}`,
      change: `Write: ${line}`,
      edits: [replaceArgument(first, 1, '$host')],
    };
  }
  if (unreadAround(view) !== undefined) return undefined;
  const lost = lostLine(outcome);
  const [by] = view.effective('proxy_set_header');
  return {
    ...base,
    at: lost === undefined ? proxy : (by ?? proxy),
    because: lost === undefined ? [] : [lost],
    meaning:
      lost === undefined
        ? `No line sets Host, so the backend gets the name in proxy_pass. ${compares}`
        : `The line for Host stands one level up. This block has a proxy_set_header of its own, so nginx forgets it, and the backend gets the name in proxy_pass. ${compares}`,
    change: `Add to this block: ${line}`,
    edits: [insertBefore(proxy, line)].filter(() => by !== undefined && by.source === proxy.source),
  };
}

/** Postern's own proxy file takes the value from a variable. */
function remedyForTwo(first: Directive, second: Directive): string {
  const other = [first, second].find(({ args }) => args[1] !== '$postern_host');
  if (other !== undefined && [first, second].some(({ args }) => args[1] === '$postern_host')) {
    const value = other.args[1] ?? '';
    return `In place of "proxy_set_header Host ${value};" write: set $postern_host "${value}";`;
  }
  return 'Keep one of the two lines: a second proxy_set_header does not replace the first. Where the first comes from an included file, write out what that file has and leave its Host away.';
}

/** A line for Host further out, which this block makes nginx forget. */
function lostLine({ view }: Proxied): Directive | undefined {
  for (const scope of view.chain()) {
    const found = scope
      .own('proxy_set_header')
      .find(({ args }) => args[0]?.toLowerCase() === 'host');
    if (found !== undefined) return found;
  }
  return undefined;
}
