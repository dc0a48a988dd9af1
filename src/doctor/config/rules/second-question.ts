import { describe, headOf } from '../analysis.ts';
import { insertInto, replaceDirective } from '../edit.ts';
import { keepsConnections } from '../kept-connections.ts';
import { ownOrAround } from '../model/content.ts';
import { linesFor } from '../model/request-headers.ts';
import { variablesIn } from '../model/value.ts';
import type { Rule } from '../rule.ts';

/** A body without its length is the next request. */
export const secondQuestion: Rule = {
  code: 'PD029',
  title: 'A body is sent behind the question to the auth service',
  severities: ['fault', 'warning'],
  *find({ configuration, authLocations }) {
    for (const { location, asked } of authLocations) {
      const line = location.effective('proxy_set_body').at(-1);
      const [length] = linesFor(location, 'Content-Length');
      if (line === undefined || (line.args[0] ?? '') === '' || length === undefined) continue;
      if (ownOrAround(location, 'proxy_pass') === undefined) continue;
      // A file that is not there may hold the location's own line.
      if (location.directives.some(({ name }) => name === 'include')) continue;
      const isOwn = location.directives.includes(line);
      const { keeps } = keepsConnections(configuration, location);
      // The question has no body to take: $request_body is empty there.
      const variables = variablesIn(line.args[0] ?? '').filter((name) => name !== 'request_body');
      const words = 'proxy_set_body "";';
      yield {
        severity: keeps && variables.length > 0 ? 'fault' : 'warning',
        at: line,
        about: describe(location),
        because: [length, ...asked],
        meaning: `The question to the auth service gets this body too, proxy_pass_request_body off or not, and without its length, since Content-Length is set by hand. The service takes the body for a second request${keeps ? ' on a connection that nginx keeps: its answer is given to whoever is asked about next, who gets in as somebody else' : '. Where nginx keeps connections to it, the answer would be given to whoever is asked about next'}.`,
        change: isOwn
          ? 'Take this line out of the auth location.'
          : `Add to the auth location: ${words}`,
        edits: [isOwn ? replaceDirective(line, words) : insertInto(headOf(location), words)],
      };
    }
  },
};
