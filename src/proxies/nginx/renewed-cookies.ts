import { setCookieHeaders } from '../../core/gate/set-cookie-headers.ts';
import { joinParts } from './text.ts';

/** The variables that carry `Set-Cookie` lines of a sign-on service, in the order of the headers. */
const variables = setCookieHeaders.map((name, index) => ({
  name,
  variable: `$postern_set_cookie_${index + 1}`,
}));

/**
 * Defines the variables, for the http context: the other lines use them where no location sets them, too.
 */
export const cookieMaps = `
# Cookies that a gate's sign-on service renews (bridge); the locations set these.
${variables.map(({ variable }) => `map "" ${variable} { default ""; }`).join('\n')}`;

/** The same for a server block. */
export const cookieDefaults = variables
  .map(({ variable }) => `\nset ${variable} ${variable};`)
  .join('');

/** Takes the cookies from the answer, for the location context. */
export const takeCookies = `
# Cookies that the gate's sign-on service renews (bridge), for the client.
${variables
  .map(({ name, variable }) => {
    const answer = name.toLowerCase().replaceAll('-', '_');
    return `auth_request_set ${variable} $upstream_http_${answer};`;
  })
  .join('\n')}`;

/** Sends them to the client. An empty value adds no header. */
export const giveCookies = variables
  .map(({ variable }) => `add_header Set-Cookie ${variable} always;`)
  .join('\n');

/** `postern-cookies.conf`. */
export function renderCookiesFile(): string {
  return joinParts(
    `
# Postern for nginx, optional: server or location context, for gates with a sign-on service (bridge).
#
# The service may renew its cookies when Postern asks it. postern-http.conf passes them to the client, but
# nginx drops inherited add_header lines where a server or location has one of its own. Include this file
# beside such lines, in a server or location that Postern protects.`,
    giveCookies,
  );
}
