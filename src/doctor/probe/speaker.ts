import { type Answer, headerOf } from './answer.ts';

/** Who made an answer: nginx with a page of its own, the gate behind auth_request, or the application. */
export type Speaker = 'nginx' | 'gate' | 'application';

/** The last line of nginx's own error pages, and of its relatives'. */
const nginxPage = /<hr><center>(?:nginx|openresty|angie|freenginx|tengine)\b/i;

/** Whether the body is a page that nginx makes itself. */
export function isNginxPage({ body }: Answer): boolean {
  return nginxPage.test(body);
}

/** Who made an answer, by what only one of them writes; undefined where nothing tells. */
export function findSpeaker(answer: Answer): Speaker | undefined {
  const has = (name: string) => headerOf(answer, name) !== undefined;
  if (has('x-postern-reason')) return 'gate';
  if (isNginxPage(answer)) {
    // auth_request passes on the status and WWW-Authenticate of the gate; the page is nginx's.
    return answer.status === 401 ? 'gate' : 'nginx';
  }
  if (answer.status === 401 && answer.body === '')
    return has('www-authenticate') ? 'gate' : undefined;
  return answer.body !== '' || has('x-powered-by') ? 'application' : undefined;
}
