/** The file that keeps the login of a sign-on from handshakes, where it comes from and where it goes. */
const file = 'nginx/fixes/no-login-redirect.conf';
const include = 'include /etc/nginx/no-login-redirect.conf;';
const includeInSwag = 'include /config/nginx/no-login-redirect.conf;';
const about = `The file is ${file} of Postern, which need not run for it; docs/why-302.md tells why.`;

/** The remedy for a handshake that is redirected to a login, where the sign-on is not known. */
export const generalRemedy = `Answer upgrades with 401 instead: "${include}" in the protected location, directly below the line that includes the sign-on or has the auth_request. (Below a "rewrite … break;" it would do nothing.) ${about}`;

/** The same remedy for a sign-on that is known: what to write, and into which place. */
export function renderRemedy(place: string): string {
  return [
    `One line, ${place}:`,
    include,
    `In SWAG: ${includeInSwag}`,
    `${about} Then "nginx -t && nginx -s reload". Pages still go to the login.`,
  ].join('\n');
}
