import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { describe } from '../analysis.ts';
import { backendOf } from '../model/protection.ts';
import { anything } from '../model/scenario.ts';
import type { Rule } from '../rule.ts';

const flow = ['return', 'rewrite', 'try_files'];

/** The rewrite phase comes before the access phase, whatever the order in the file. */
export const beforeAuth: Rule = {
  code: 'PD007',
  title: 'A request is answered or sent elsewhere before the auth service is asked',
  severities: ['fault', 'warning'],
  *find({ configuration, guarded }) {
    for (const entry of guarded) {
      const about = describe(entry.location);
      const known = new Set<Directive>();
      for (const outcome of [...entry.passing(), ...entry.passing(anything)]) {
        const at = outcome.trace.find(({ name }) => name === 'return' || name === 'rewrite');
        // A rewrite that stays in the location takes nothing out of it.
        const isElsewhere = outcome.view.nearest('location') !== entry.location;
        if (at === undefined || !isElsewhere || known.has(at)) continue;
        known.add(at);
        yield {
          severity: outcome.certain ? 'fault' : 'warning',
          at,
          about,
          because: outcome.trace
            .slice(outcome.trace.indexOf(at) + 1)
            .filter(({ name }) => name !== 'set'),
          meaning: `return, rewrite and if run before auth_request. This line takes requests out of the protected location, and they reach ${backendOf(configuration, outcome) ?? 'the backend'} without anybody being asked.`,
          change:
            'Let the request stay in the protected location, or ask in the location it goes to as well (auth_request there).',
        };
      }
      const own = entry.location.own('auth_request').at(-1);
      for (const outcome of entry.outcomes('deny')) {
        const at = outcome.trace.findLast(({ name }) => flow.includes(name));
        const isOpen =
          outcome.kind === 'answered' && outcome.status < 300 && outcome.trace.at(-1) === at;
        if (own === undefined || !isOpen || at === undefined) continue;
        if (outcome.trace.some(({ name }) => name === 'auth_request' || name === 'error_page'))
          continue;
        yield {
          severity: 'warning',
          at,
          about,
          because: [own],
          meaning: `return runs before auth_request: this answer (${outcome.status}) is given to everybody, although the location asks the auth service.`,
          change:
            'Take auth_request away if the answer is meant for everybody. Otherwise serve it from a file or a backend, which come after auth_request.',
        };
      }
    }
  },
};
