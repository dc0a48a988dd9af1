import type { SourceName } from '../../core/model/source-name.ts';
import { headersFor, subrequestHeaders } from '../subrequest-headers.ts';

type Location = 'auth' | 'sign-in';

/** The `proxy_set_header` lines of the auth location, or of the location of `/.postern/`. */
export function renderSubrequestHeaders(
  location: Location,
  sources: readonly SourceName[],
): string {
  return headersFor(sources)
    .filter((header) => location === 'auth' || 'signIn' in header)
    .map(({ name, variable }) => `proxy_set_header ${name} ${variable};`)
    .join('\n');
}

/**
 * The cache key: all inputs of the decision, one per line. No header and no request line can
 * contain a line feed (RFC 9110, section 5.5, RFC 9113, section 8.2.1), so different subrequests
 * have different keys.
 */
export function renderCacheKey(sources: readonly SourceName[]): string {
  return headersFor(sources)
    .map(({ variable }) => variable)
    .join('\\n');
}

/** The headers that describe the path, also in configurations for other auth services. */
export const pathHeaders: readonly string[] = subrequestHeaders
  .filter(({ fact }) => fact === 'uri' || fact === 'url')
  .map(({ name }) => name);
