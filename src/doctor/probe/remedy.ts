import { includeRemedy, remedy } from '../remedy.ts';

const include = includeRemedy('/etc/nginx');

/** The remedy for a handshake that is redirected to a login, where the sign-on is not known. */
export const generalRemedy = `Answer upgrades with 401 instead: "${include}" ${remedy.place} ${remedy.about}`;

/** The same remedy for a sign-on that is known: what to write, and into which place. */
export function renderRemedy(place: string): string {
  return [
    `One line, ${place}:`,
    include,
    `In SWAG: ${includeRemedy('/config/nginx')}`,
    `${remedy.about} Then "nginx -t && nginx -s reload". Pages still go to the login.`,
  ].join('\n');
}
