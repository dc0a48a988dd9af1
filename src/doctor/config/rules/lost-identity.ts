import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { describe, unreadAround } from '../analysis.ts';
import type { Report } from '../finding.ts';
import type { Configuration } from '../model/configuration.ts';
import { findAll } from '../model/configuration.ts';
import { bareName } from '../model/map-block.ts';
import type { Proxied } from '../model/protection.ts';
import { variablesIn } from '../model/value.ts';
import type { Rule } from '../rule.ts';

/** The answer of the auth service is read in one place and needed in another. */
export const lostIdentity: Rule = {
  code: 'PD045',
  title: 'The identity from the auth service never arrives at the backend',
  severities: ['warning'],
  *find({ configuration, guarded, authLocations }) {
    const asked = new Set(authLocations.map(({ location }) => location));
    const answers = answersIn(configuration);
    for (const entry of guarded) {
      if (asked.has(entry.location)) continue;
      const seen = new Set<Directive>();
      for (const outcome of entry.admitted()) {
        for (const report of judge(outcome, answers)) {
          if (seen.has(report.at)) continue;
          seen.add(report.at);
          yield { ...report, about: describe(entry.location) };
        }
      }
    }
  },
};

/** Each variable that some `auth_request_set` fills, and the line that does. */
function answersIn({ http }: Configuration): ReadonlyMap<string, Directive> {
  return new Map(
    findAll(http.directives, 'auth_request_set').map((one) => [bareName(one.args[0] ?? ''), one]),
  );
}

/** Headers of an answer that name somebody. */
const naming = /^upstream_http_\w*(?:user|email|name|groups|uid|subject|identity)\w*$/;

function* judge(
  { view }: Proxied,
  answers: ReadonlyMap<string, Directive>,
): Generator<Omit<Report, 'about'>> {
  if (unreadAround(view) !== undefined) return;
  const own = new Set(
    view.effective('auth_request_set').map(({ args }) => bareName(args[0] ?? '')),
  );
  const sent = view.effective('proxy_set_header');
  for (const line of sent) {
    for (const name of variablesIn(line.args[1] ?? '')) {
      const elsewhere = answers.get(name);
      if (elsewhere !== undefined && !own.has(name)) {
        const [by] = view.effective('auth_request_set');
        yield {
          severity: 'warning',
          at: line,
          because: [elsewhere, ...(by === undefined ? [] : [by])],
          meaning: `$${name} is empty here: ${by === undefined ? 'the auth_request_set that fills it stands in another block' : 'this block has an auth_request_set of its own, so nginx forgets the others'}. auth_request_set counts where auth_request asks, not in the location that answers. The backend gets no ${line.args[0]}.`,
          change: `Put beside auth_request: auth_request_set $${name} ${elsewhere.args[1] ?? ''};`,
        };
      } else if (naming.test(name)) {
        yield {
          severity: 'warning',
          at: line,
          meaning: `$${name} is a header of the answer to this request itself, which there is none of yet when the request is sent. What the auth service answered is gone by then: the backend gets no ${line.args[0]}.`,
          change: `Keep it when it is there: auth_request_set $auth_identity $${name}; proxy_set_header ${line.args[0]} $auth_identity;`,
        };
      }
    }
  }
  yield* sentToClient(view.effective('add_header'), sent, view.effective('auth_request_set'));
}

/** `add_header` is about the answer to the client. */
function* sentToClient(
  added: readonly Directive[],
  sent: readonly Directive[],
  kept: readonly Directive[],
): Generator<Omit<Report, 'about'>> {
  const used = new Set(sent.flatMap(({ args }) => variablesIn(args[1] ?? '')));
  for (const line of added) {
    const [name = '', value = ''] = line.args;
    const found = variablesIn(value).find((one) => !used.has(one) && isIdentity(one, kept));
    if (found === undefined) continue;
    yield {
      severity: 'warning',
      at: line,
      because: kept.filter(({ args }) => bareName(args[0] ?? '') === found),
      meaning: `add_header puts ${name} into the answer to the client. The backend gets nothing of it, and the client reads what the auth service said.`,
      change: `Write: proxy_set_header ${name} ${value};`,
    };
  }
}

function isIdentity(name: string, kept: readonly Directive[]): boolean {
  const source = kept.find(({ args }) => bareName(args[0] ?? '') === name)?.args[1] ?? '';
  return variablesIn(source).some((one) => naming.test(one));
}
