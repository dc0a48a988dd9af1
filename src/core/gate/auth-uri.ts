/**
 * What protected locations of nginx ask (`auth_request`), with a gate's name behind it where the location
 * has one. The argument of `auth_request` is inherited together with it, by nested locations and by
 * `limit_except`, as variables are not.
 */
export const authUri = '/.postern/auth';

/** The gate's name in such a URI, as it stands there; `{}` without one, undefined for another URI. */
export function parseAuthUri(uri: string): { readonly gateName?: string } | undefined {
  if (uri === authUri) return {};
  return uri.startsWith(`${authUri}/`) ? { gateName: uri.slice(authUri.length + 1) } : undefined;
}
