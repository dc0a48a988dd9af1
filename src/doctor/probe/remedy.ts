/** What keeps the login of a sign-on from handshakes. */
export function renderFix(where: string): string {
  return [
    `One line, at the end of ${where}, behind what stands there:`,
    'include /etc/nginx/no-login-redirect.conf;',
    'In SWAG: include /config/nginx/no-login-redirect.conf;',
    'The file is nginx/fixes/no-login-redirect.conf of Postern, which need not run for it; docs/why-302.md tells why. Then "nginx -t && nginx -s reload". Pages still go to the login.',
  ].join('\n');
}
