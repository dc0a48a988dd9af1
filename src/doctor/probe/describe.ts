import { type Answer, headerOf } from './answer.ts';
import { cookieNames, recogniseSignOn } from './sign-on.ts';
import { hideValues } from './target.ts';

/** An answer in a line: status and what of the rest says something. Values of cookies stay out. */
export function describeAnswer(answer: Answer): string {
  const location = headerOf(answer, 'location');
  const type = headerOf(answer, 'content-type');
  const heading = /<title[^>]*>([^<]{1,200})/i.exec(answer.body)?.[1]?.trim();
  // nginx's own pages repeat the status.
  const title = heading?.startsWith(String(answer.status)) ? undefined : heading;
  const isText = /^text\/plain|json/.test(type ?? '') || type === undefined;
  const cookies = cookieNames(answer);
  return [
    `HTTP ${answer.status}`,
    location === undefined ? '' : `Location: ${hideValues(location) || '(empty)'}`,
    ...['www-authenticate', 'retry-after', 'server'].map((name) => {
      const value = headerOf(answer, name);
      return value === undefined ? '' : `${name}: ${value}`;
    }),
    cookies.length === 0 ? '' : `sets cookies ${cookies.slice(0, 5).join(', ')}`,
    title === undefined ? '' : `page "${title}"`,
    title === undefined && isText && answer.body !== '' ? `"${answer.body.slice(0, 200)}"` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** Who sends to a login, in words; undefined when nothing gives it away. */
export function describeSignOn(answer: Answer): string | undefined {
  const service = recogniseSignOn(answer);
  return service === undefined ? undefined : `looks like ${service.title}`;
}
