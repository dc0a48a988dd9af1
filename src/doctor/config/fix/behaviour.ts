import { describe } from '../analysis.ts';
import type { Configuration } from '../model/configuration.ts';
import { isRedirect } from '../model/error-page.ts';
import type { AuthAnswer, Outcome } from '../model/outcome.ts';
import { type Entry, findEntries, isErrorPage } from '../model/protection.ts';
import { handshake, page, type Scenario } from '../model/scenario.ts';

/** What becomes of one kind of request to one location. */
interface Observed {
  readonly title: string;
  readonly request: string;
  readonly answer: AuthAnswer;
  readonly scenario: Scenario['name'];
  readonly results: ReadonlySet<string>;
}

const answers: readonly AuthAnswer[] = ['allow', 'deny', 'forbid'];

/** What becomes of pages and handshakes at every location that clients can reach, on all servers. */
export function behaviourOf(configuration: Configuration): ReadonlyMap<string, Observed> {
  const observed = new Map<string, Observed>();
  const counts = new Map<string, number>();
  for (const entry of findEntries(configuration)) {
    const server = configuration.servers.indexOf(entry.server);
    const name = `${server} ${nested(entry)}`;
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    for (const scenario of [page, handshake]) {
      for (const answer of answers) {
        const outcomes = entry.outcomes(answer, scenario);
        observed.set(`${name} ${count} ${scenario.name} ${answer}`, {
          title: describe(entry.location),
          request: `a ${scenario.name}${answer === 'allow' ? '' : ' that is denied'}`,
          ...{ answer, scenario: scenario.name, results: new Set(outcomes.map(resultOf)) },
        });
      }
    }
  }
  return observed;
}

/** The blocks of a location from the inside out. A changed modifier leaves the place the same. */
function nested({ location }: Entry): string {
  return [...location.chain()]
    .filter(({ kind }) => kind === 'location')
    .map(({ match }) =>
      match !== undefined && 'path' in match ? match.path : JSON.stringify(match),
    )
    .join(' in ');
}

function resultOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answered':
      if (outcome.status >= 500) return 'error';
      return isRedirect(outcome.status) ? 'redirect' : `status ${outcome.status}`;
    case 'proxied':
    case 'handled': {
      if (isErrorPage(outcome)) return 'error page';
      return outcome.authenticated ? 'admitted' : 'open';
    }
    default:
      return 'unknown';
  }
}

/** The first thing that a change has made worse, in words; undefined where there is none. */
export function findDamage(
  before: ReadonlyMap<string, Observed>,
  after: ReadonlyMap<string, Observed>,
): string | undefined {
  for (const [key, old] of before) {
    const now = after.get(key);
    // A location that is internal from now on is no longer for clients; that is what was meant.
    if (now === undefined) continue;
    const isNew = (result: string) => now.results.has(result) && !old.results.has(result);
    const isGone = (result: string) => old.results.has(result) && !now.results.has(result);
    const where = `${old.title}: ${old.request}`;
    if (isNew('error')) return `${where} would get an error of nginx (5xx)`;
    if (old.answer !== 'allow' && isNew('open')) return `${where} would reach the backend unasked`;
    if (isNew('unknown')) return `${where} would come to something that cannot be foretold`;
    if (old.scenario === 'page' && isGone('redirect')) return `${where} would lose its redirect`;
    if (old.answer === 'allow' && isGone('admitted')) return `${where} would not be let in`;
  }
  return undefined;
}
