/**
 * The URI of nginx's auth location (`auth_request /.postern/auth;`). `/.postern/auth/<gate>` names the
 * gate: nested locations and `limit_except` inherit the argument of `auth_request`, but not variables.
 */
export const authUri = '/.postern/auth';

/** The gate's name in such a URI, not validated; `{}` without one, undefined for another URI. */
export function parseAuthUri(uri: string): { readonly gateName?: string } | undefined {
  if (uri === authUri) return {};
  return uri.startsWith(`${authUri}/`) ? { gateName: uri.slice(authUri.length + 1) } : undefined;
}
