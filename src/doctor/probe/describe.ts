import { STATUS_CODES } from 'node:http';
import { type Answer, headerOf } from './answer.ts';
import { textOf } from './page-text.ts';
import { cookieNames, recogniseSignOn } from './sign-on.ts';
import { isNginxPage } from './speaker.ts';
import { hideValues } from './target.ts';

/** An answer in a line: status and what of the rest says something. Values of cookies stay out. */
export function describeAnswer(answer: Answer): string {
  const location = headerOf(answer, 'location');
  const title = titleOf(answer);
  const text = title === undefined && !isNginxPage(answer) ? textOf(answer.body) : '';
  const cookies = cookieNames(answer);
  return [
    `HTTP ${answer.status}${ownReason(answer)}`,
    location === undefined ? '' : `Location: ${hideValues(location) || '(empty)'}`,
    ...['www-authenticate', 'retry-after', 'server'].map((name) => {
      const value = headerOf(answer, name);
      return value === undefined ? '' : `${name}: ${value}`;
    }),
    cookies.length === 0 ? '' : `sets cookies ${cookies.slice(0, 5).join(', ')}`,
    title === undefined ? '' : `page "${title}"`,
    text === '' ? '' : `"${text.slice(0, 200)}"`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}

/** The title of a page, where it says more than the status. */
function titleOf({ status, body }: Answer): string | undefined {
  const heading = /<title[^<>]*>([^<]{1,200})/i.exec(body)?.[1]?.trim();
  if (heading === undefined) return undefined;
  const title = heading.startsWith(`${status} `) ? heading.slice(4) : heading;
  return isUsual(status, title) || title === String(status) ? undefined : title;
}

/** The reason phrase where it is a server's own: daphne says there what is missing. */
function ownReason({ status, reason }: Answer): string {
  return reason === '' || isUsual(status, reason) ? '' : ` ${reason}`;
}

/** Phrases of nginx that are not those of RFC 9110. */
const nginxPhrases = [
  ...['Moved Temporarily', 'Authorization Required', 'Not Allowed', 'Request-URI Too Large'],
  ...['Request Time-out', 'Service Temporarily Unavailable', 'Gateway Time-out'],
].map((phrase) => phrase.toLowerCase());

function isUsual(status: number, phrase: string): boolean {
  const words = phrase.toLowerCase();
  return words === STATUS_CODES[status]?.toLowerCase() || nginxPhrases.includes(words);
}

/** Who sends to a login, in words; undefined when nothing gives it away. */
export function describeSignOn(answer: Answer): string | undefined {
  const service = recogniseSignOn(answer);
  return service === undefined ? undefined : `looks like ${service.title}`;
}
