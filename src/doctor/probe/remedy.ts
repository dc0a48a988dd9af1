/** The file that keeps the login of a sign-on from handshakes, where it comes from and where it goes. */
const file = 'nginx/fixes/no-login-redirect.conf';
const include = 'include /etc/nginx/no-login-redirect.conf;';
const includeInSwag = 'include /config/nginx/no-login-redirect.conf;';
const about = `The file is ${file} of Postern, which need not run for it; docs/why-302.md tells why.`;

/** The remedy for a handshake that is redirected to a login, where the sign-on is not known. */
export const generalRemedy = `Answer upgrades with 401 instead: "${include}" at the end of the location that has the auth_request. ${about}`;

/** The remedy for a handshake that is redirected to a login: what to write, and into which location. */
export function renderFix(where: string): string {
  return [
    `One line, at the end of ${where}, behind what stands there:`,
    include,
    `In SWAG: ${includeInSwag}`,
    `${about} Then "nginx -t && nginx -s reload". Pages still go to the login.`,
  ].join('\n');
}
