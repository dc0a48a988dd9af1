import { pathHeaders } from '../../../proxies/nginx/subrequest-headers.ts';
import { describe, unreadAround } from '../analysis.ts';
import type { Configuration } from '../model/configuration.ts';
import { headersSent } from '../model/request-headers.ts';
import { page } from '../model/scenario.ts';
import type { Scope } from '../model/scope.ts';
import { variablesIn } from '../model/value.ts';
import type { Rule } from '../rule.ts';

/** One client's "yes" must not be another's. */
export const cachedAnswer: Rule = {
  code: 'PD020',
  title: "The auth service's answers are kept under too short a key",
  severities: ['fault', 'warning'],
  *find({ configuration, authLocations }) {
    for (const { location } of authLocations) {
      const [cache] = location.effective('proxy_cache');
      if (cache === undefined || cache.args[0] === 'off' || unreadAround(location)) continue;
      const [key] = location.effective('proxy_cache_key');
      const names = withMapSources(configuration, variablesIn(key?.args[0] ?? ''));
      const missing = inputs(configuration, location).filter(({ covered }) => !names.some(covered));
      if (missing.length === 0) continue;
      const hasNone = !names.some(
        (name) =>
          name === 'http_cookie' ||
          name.startsWith('cookie_') ||
          name === 'http_authorization' ||
          name === 'http_x_api_key',
      );
      const isKept = location.effective('proxy_cache_valid').length > 0;
      yield {
        severity: hasNone && isKept ? 'fault' : 'warning',
        at: key ?? cache,
        about: describe(location),
        because: key === undefined ? [] : [cache],
        meaning: hasNone
          ? 'There is no credential in the key: once one client was admitted, everybody is, as long as the answer is kept.'
          : `The auth service judges by more than the key holds (missing: ${missing.map(({ what }) => what).join(', ')}): an answer is used for requests that would get another.`,
        change: `Put every input of the decision into the key, with separators: proxy_cache_key "$http_cookie|$http_authorization|$host|$request_uri|$request_method|$http_upgrade|$http_origin|$remote_addr"; or leave the cache away.`,
      };
    }
  },
};

interface Input {
  readonly what: string;
  readonly covered: (variable: string) => boolean;
}

/** What the auth service surely gets to see: the client's headers, and what lines add. */
function inputs(configuration: Configuration, location: Scope): Input[] {
  const context = { configuration, scenario: page, environment: new Map() };
  const passesHeaders = location.value('proxy_pass_request_headers')?.[0] !== 'off';
  const sends = (...headers: string[]) =>
    headers.some((header) => {
      const lines = headersSent(location, header, context);
      return lines.some(({ value }) => value !== '');
    });
  const sees = (header: string, unset = passesHeaders) => {
    const lines = headersSent(location, header, context);
    return lines.length === 0 ? unset : lines.some(({ directive }) => directive.args[1] !== '');
  };
  return [
    ...(sees('Cookie')
      ? [
          {
            what: 'cookies',
            covered: (name: string) => name === 'http_cookie' || name.startsWith('cookie_'),
          },
        ]
      : []),
    ...(sees('Authorization')
      ? [{ what: 'Authorization', covered: (name: string) => name === 'http_authorization' }]
      : []),
    ...(sees('X-Api-Key', false)
      ? [{ what: 'X-Api-Key', covered: (name: string) => name === 'http_x_api_key' }]
      : []),
    ...(sends(...pathHeaders)
      ? [{ what: 'the path', covered: (name: string) => name === 'request_uri' }]
      : []),
  ];
}

function withMapSources({ maps }: Configuration, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [name, ...variablesIn(maps.get(name)?.source ?? '')]);
}
