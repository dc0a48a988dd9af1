import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { describe, headOf } from '../analysis.ts';
import type { Report } from '../finding.ts';
import { setsGate } from '../model/gate-name.ts';
import { chooseLocation } from '../model/match.ts';
import type { Entry } from '../model/protection.ts';
import type { Scope } from '../model/scope.ts';
import type { Rule } from '../rule.ts';

/** Lines that make a subrequest to a path of their own. */
const fixed = [
  'add_before_body',
  'add_after_body',
  'mirror',
  'echo_location',
  'echo_location_async',
  'srcache_fetch',
];

/** Programs that may make a subrequest to any path. */
const programs = /_by_lua(_file)?$|^(js_content|perl)$/;

/** The access phase is for main requests alone (ngx_http_core_access_phase). */
export const subrequests: Rule = {
  code: 'PD035',
  title: 'A subrequest reaches a protected location without asking',
  severities: ['fault', 'warning', 'notice'],
  *find(analysis) {
    const byServer = Map.groupBy(analysis.entries, ({ server }) => server);
    for (const [server, entries] of byServer) {
      const guarded = analysis.guardedIn.get(server) ?? [];
      if (guarded.length === 0) continue;
      for (const entry of entries) {
        yield* findIncludes(entry, guarded);
        yield* findFixed(entry, guarded);
        yield* findPrograms(entry, guarded);
      }
    }
  },
};

const because = `nginx runs auth_request for what a client asks, not for subrequests`;

function* findIncludes({ location }: Entry, guarded: readonly Entry[]): Generator<Report> {
  const line = location.effective('ssi').at(-1);
  if (line?.args[0] !== 'on') return;
  const other = guarded.find((one) => one.location !== location) ?? guarded[0];
  if (other === undefined) return;
  yield {
    severity: 'warning',
    at: line,
    about: describe(location),
    because: [headOf(other.location)],
    meaning: `${because}: a page of this location that holds <!--#include virtual="…" --> shows what is in ${describe(other.location)} to whoever may load the page. That goes for every text that somebody can get into an answer here, a comment in a forum for example.`,
    change:
      'Take ssi on out, or keep it to a server (with its own listen or name) that has no protected location. If only your own files come this way, say so: # postern-doctor: allow PD035 <why>.',
  };
}

function* findFixed(
  { location, server, authRequest }: Entry,
  guarded: readonly Entry[],
): Generator<Report> {
  for (const name of fixed) {
    for (const line of location.effective(name)) {
      const target = targetOf(server, line, guarded);
      if (target === undefined || target.location === location) continue;
      // Whoever was let in by the same question may see it.
      if (authRequest !== undefined && isSameQuestion(location, target.location)) continue;
      const isMirror = name === 'mirror';
      const backend = [...target.backends(target.admitted())][0] ?? 'its backend';
      yield {
        severity: authRequest === undefined ? 'fault' : 'warning',
        at: line,
        about: describe(location),
        because: [headOf(target.location)],
        meaning: isMirror
          ? `${because}: a copy of every request here goes to ${backend} through ${describe(target.location)}, and nobody is asked whether it may. The client does not see the answer, but what the request does is done.`
          : `${because}: what ${describe(target.location)} has is put into every answer here, for whoever gets one.`,
        change:
          'Ask in this location too, as the other one does, or let the line name a path that is meant for everybody who comes here.',
      };
    }
  }
}

function targetOf(
  server: Scope,
  { args }: Directive,
  guarded: readonly Entry[],
): Entry | undefined {
  const path = args.find((word) => word.startsWith('/'))?.split('?')[0];
  if (path === undefined || path.includes('$')) return undefined;
  const chosen = chooseLocation(server, path);
  return chosen.kind === 'scope'
    ? guarded.find(({ location }) => location === chosen.scope)
    : undefined;
}

/** Both ask the same, under the same name. */
function isSameQuestion(a: Scope, b: Scope): boolean {
  const asked = (scope: Scope) =>
    [
      scope.value('auth_request')?.[0],
      scope.effective('set').findLast(({ args }) => setsGate({ args }))?.args[1],
    ].join(' ');
  return asked(a) === asked(b) && asked(a) !== '/.postern/auth ';
}

function* findPrograms({ location }: Entry, guarded: readonly Entry[]): Generator<Report> {
  const line = location.directives.find(
    ({ name, block, source, words }) =>
      programs.test(name) ||
      (name.endsWith('_by_lua_block') &&
        block !== undefined &&
        source.text.slice(words[0]?.start ?? 0, block.end).includes('location.capture')),
  );
  const other = guarded.find((one) => one.location !== location);
  if (line === undefined || other === undefined) return;
  yield {
    severity: 'notice',
    at: line,
    about: describe(location),
    because: [headOf(other.location)],
    meaning: `${because}. A program can make subrequests (ngx.location.capture, r.subrequest), and one to ${describe(other.location)} is answered without a question.`,
    change: `See to it that the program asks for no protected path, or only for people who were let in there. Then say so: # postern-doctor: allow PD035 <why>.`,
  };
}
