import { describe } from '../analysis.ts';
import { backendOf } from '../model/protection.ts';
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
      for (const end of entry.passing()) {
        const at = end.trail.find(({ name }) => name === 'return' || name === 'rewrite');
        if (at === undefined) continue;
        yield {
          severity: end.certain ? 'fault' : 'warning',
          at,
          about,
          because: end.trail.slice(end.trail.indexOf(at) + 1).filter(({ name }) => name !== 'set'),
          meaning: `return, rewrite and if run before auth_request. This line takes requests out of the protected location, and they reach ${backendOf(configuration, end) ?? 'the backend'} without anybody being asked.`,
          change:
            'Let the request stay in the protected location, or ask in the location it goes to as well (auth_request there).',
        };
      }
      const own = entry.location.own('auth_request').at(-1);
      for (const end of entry.ends('deny')) {
        const at = end.trail.findLast(({ name }) => flow.includes(name));
        const isOpen = end.kind === 'answered' && end.status < 300 && end.trail.at(-1) === at;
        if (own === undefined || !isOpen || at === undefined) continue;
        if (end.trail.some(({ name }) => name === 'auth_request' || name === 'error_page'))
          continue;
        yield {
          severity: 'warning',
          at,
          about,
          because: [own],
          meaning: `return runs before auth_request: this answer (${end.status}) is given to everybody, although the location asks the auth service.`,
          change:
            'Take auth_request away if the answer is meant for everybody. Otherwise serve it from a file or a backend, which come after auth_request.',
        };
      }
    }
  },
};
