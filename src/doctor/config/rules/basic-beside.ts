import { describe } from '../analysis.ts';
import type { Rule } from '../rule.ts';

/** Two ways of signing in at once. */
export const basicBeside: Rule = {
  code: 'PD012',
  title: 'A handshake has to pass auth_basic and the auth service',
  severities: ['warning'],
  *find({ guarded }) {
    for (const entry of guarded) {
      const { location, authRequest } = entry;
      const [basic] = location.effective('auth_basic');
      if (basic === undefined || authRequest === undefined || basic.args[0] === 'off') continue;
      if (location.value('satisfy')?.[0] === 'any' || !entry.carriesSockets) continue;
      yield {
        severity: 'warning',
        at: basic,
        about: describe(location),
        because: [authRequest],
        meaning:
          'Both have to agree. A page cannot give a WebSocket a password, and browsers differ in whether they send one they know; a program that has a token for the auth service gets 401 from auth_basic. Authorization can hold a Bearer token or a password, not both.',
        change:
          'Keep one of the two: auth_basic off; in this location, or satisfy any; where either shall be enough.',
      };
    }
  },
};
