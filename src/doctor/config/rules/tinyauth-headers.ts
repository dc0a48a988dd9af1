import { describe, headOf } from '../analysis.ts';
import { ownOrAround } from '../model/content.ts';
import { headersSent } from '../model/request-headers.ts';
import { page } from '../model/scenario.ts';
import type { Rule } from '../rule.ts';

/** TinyAuth 5.2 wants to be told the address in one way only. */
export const tinyauthHeaders: Rule = {
  code: 'PD021',
  title: 'TinyAuth is told the address in two ways',
  severities: ['warning'],
  *find({ configuration, authLocations }) {
    const context = { configuration, scenario: page, environment: new Map() };
    for (const { location } of authLocations) {
      const proxy = ownOrAround(location, 'proxy_pass');
      if (proxy?.args[0] === undefined || !/\/api\/auth\/nginx\b/.test(proxy.args[0])) continue;
      const sent = (header: string) =>
        headersSent(location, header, context).find(({ value }) => value !== '')?.directive;
      const original = sent('X-Original-URL');
      const forwarded = sent('X-Forwarded-Uri') ?? sent('X-Forwarded-Host');
      if (original === undefined || forwarded === undefined) continue;
      const { source } = original;
      yield {
        severity: 'warning',
        at: forwarded,
        about: describe(location),
        because: [original, headOf(location)],
        meaning:
          'TinyAuth 5.2 and later refuse a question with both X-Original-URL and X-Forwarded-Host or -Uri with 400, and nginx makes a 500 of that for every request. Older ones read only the X-Forwarded headers.',
        change: `For 5.2 and later send X-Original-URL alone${source === headOf(location).source ? '' : ` (${source.name} sends it here; do not include that file in the auth location)`}. For older ones send X-Forwarded-Proto, -Host and -Uri alone. A line with "" does not take an earlier one back.`,
      };
    }
  },
};
