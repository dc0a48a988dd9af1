import { describe, headOf, unreadAround } from '../analysis.ts';
import { insertInto } from '../edit.ts';
import { bodyLimit } from '../model/body-limit.ts';
import type { Rule } from '../rule.ts';

/** The subrequest has the length of the client's body, and another limit for it. */
export const uploadLimit: Rule = {
  code: 'PD046',
  title: 'Large uploads fail at the question to the auth service',
  severities: ['warning'],
  *find({ guarded, authLocations }) {
    for (const { location, asked } of authLocations) {
      const limit = bodyLimit(location);
      if (limit === Number.POSITIVE_INFINITY || unreadAround(location) !== undefined) continue;
      const larger = guarded.find(
        ({ authRequest, location: own }) =>
          authRequest !== undefined && asked.includes(authRequest) && bodyLimit(own) > limit,
      );
      if (larger === undefined) continue;
      const [at] = larger.location.effective('client_max_body_size');
      if (at === undefined) continue;
      yield {
        severity: 'warning',
        at,
        about: describe(larger.location),
        because: [headOf(location)],
        meaning: `The subrequest inherits the length of the client's body, but not this limit: in ${location.title} it is ${limit / 1024 ** 2} MiB${location.value('client_max_body_size') === undefined ? ' by default' : ''}. nginx refuses the question about a larger upload (413), and the client gets 500.`,
        change: `Add to ${location.title}: client_max_body_size 0; The subrequest sends no body, so nothing larger gets anywhere by that.`,
        ...(location.own('client_max_body_size').length === 0 && {
          edits: [insertInto(headOf(location), 'client_max_body_size 0;')],
        }),
      };
    }
  },
};
