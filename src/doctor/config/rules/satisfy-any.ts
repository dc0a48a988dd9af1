import { describe } from '../analysis.ts';
import type { Rule } from '../rule.ts';

const everybody = /^(all|0\.0\.0\.0\/0|::\/0)$/;

/** Either the address or the sign-in is enough. */
export const satisfyAny: Rule = {
  code: 'PD009',
  title: 'An address or a password is enough in place of the auth service',
  severities: ['fault', 'warning'],
  *find({ guarded }) {
    for (const { location } of guarded) {
      const [satisfy] = location.effective('satisfy');
      if (satisfy?.args[0] !== 'any') continue;
      const allows = location.effective('allow');
      const [basic] = location.effective('auth_basic').filter(({ args }) => args[0] !== 'off');
      const open = allows.find(({ args }) => everybody.test(args[0] ?? ''));
      const lists = [...allows, ...location.effective('deny')];
      const because = [...lists, ...(basic === undefined ? [] : [basic])];
      if (because.length === 0) continue;
      const about = describe(location);
      if (open !== undefined) {
        yield {
          severity: 'fault',
          at: open,
          about,
          because: [satisfy],
          meaning: `With satisfy any one condition is enough, and every address meets this one: nobody has to sign in.`,
          change: 'Name the addresses that may come in without signing in, and end with: deny all;',
        };
      } else {
        const who = allows.map(({ args }) => args[0]).join(', ');
        yield {
          severity: 'warning',
          at: satisfy,
          about,
          because,
          meaning:
            `${[...(who === '' ? [] : [`requests from ${who}`]), ...(basic === undefined ? [] : ['whoever has the password of auth_basic'])].join(' and ')} get in although the auth service says no; identity headers are empty for them. Behind another proxy the address is that proxy's, for everybody, unless real_ip_header is set.`.replace(
              /^r/,
              'R',
            ),
          change:
            'If that is not meant: satisfy all;. If it is, keep the list to single addresses, and say so: # postern-doctor: allow PD009 <why>.',
        };
      }
    }
  },
};
