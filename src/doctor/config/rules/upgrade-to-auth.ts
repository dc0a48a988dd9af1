import { describe, headOf } from '../analysis.ts';
import { ownOrAround } from '../model/content.ts';
import { headersSent, linesFor } from '../model/request-headers.ts';
import { handshake } from '../model/scenario.ts';
import type { Rule } from '../rule.ts';

/** What SWAG's proxy.conf does in an auth location. */
export const upgradeToAuth: Rule = {
  code: 'PD005',
  title: 'The question to the auth service carries the upgrade',
  severities: ['warning'],
  *find({ configuration, authLocations }) {
    for (const { location } of authLocations) {
      if (ownOrAround(location, 'proxy_pass') === undefined) continue;
      const context = { configuration, scenario: handshake, environment: new Map() };
      const sent = headersSent(location, 'Upgrade', context).find(({ value }) => value !== '');
      if (sent === undefined) continue;
      const { source } = sent.directive;
      const isShared = source !== headOf(location).source;
      yield {
        severity: 'warning',
        at: sent.directive,
        about: describe(location),
        because: [headOf(location), ...linesFor(location, 'Connection')],
        meaning:
          'For a handshake the auth service is asked with "Upgrade: websocket". A service that takes the question for a handshake answers 101, 400 or 426 instead of 200 or 401, and nginx makes a 500 of that. A line further down that sets the header to "" does not help: both lines count.',
        change: isShared
          ? `Do not include ${source.name} in ${location.title}. Write out what the auth service needs: proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; and the X-Original-… headers it reads.`
          : 'In the auth location: proxy_set_header Connection ""; and no line for Upgrade. If the lines stand in the server, one proxy_set_header in the auth location is enough to keep them out.',
      };
    }
  },
};
