/** How many cookies of a sign-on service one answer can carry: the nginx files have a line for each. */
export const maxSetCookies = 8;

/**
 * Headers of an allow, one for each `Set-Cookie` line of the sign-on service. Numbered, since nginx's
 * `$upstream_http_…` of a header with several lines has the first one only (before 1.23) or joins them
 * with commas, which a cookie cannot be split at again.
 */
export const setCookieHeaders: readonly string[] = Array.from(
  { length: maxSetCookies },
  (_, index) => `X-Postern-Set-Cookie-${index + 1}`,
);
