import { type Answer, headerOf } from './answer.ts';
import type { FindingCode } from './catalog.ts';
import { applicationMessages } from './messages/applications.ts';
import { textOf } from './page-text.ts';

/** What an answer to a complete handshake, other than 101, 401 and redirects, says. */
export interface Refusal {
  readonly code: FindingCode;
  /** The header that did not arrive, where the answer names it. */
  readonly missing?: string;
}

const byStatus: Readonly<Record<number, FindingCode>> = {
  400: 'upgrade-bad-request',
  403: 'upgrade-forbidden',
  404: 'upgrade-not-found',
  410: 'upgrade-not-found',
  414: 'request-headers-too-large',
  429: 'upgrade-throttled',
  431: 'request-headers-too-large',
  494: 'request-headers-too-large',
  499: 'no-answer',
  500: 'auth-service-broken',
  502: 'backend-unreachable',
  503: 'service-unavailable',
  504: 'backend-timeout',
  // Cloudflare's: the server behind it is down, silent, or has a certificate that it distrusts.
  520: 'backend-unreachable',
  521: 'backend-unreachable',
  522: 'backend-timeout',
  523: 'backend-unreachable',
  524: 'backend-timeout',
  525: 'backend-unreachable',
  526: 'backend-unreachable',
};

/** Statuses with which servers say why in words of their own. */
const telling = [400, 401, 403, 404, 421, 426, 431, 500, 503, 505];

/** Classifies a refusal: by its words where servers have known ones, else by its status. */
export function classifyRefusal(answer: Answer): Refusal {
  const { status } = answer;
  const words = telling.includes(status) ? refusalIn(answer) : undefined;
  if (words !== undefined) return words;
  if (status === 426) {
    // RFC 6455, section 4.4: a server that wants another version names those it knows.
    const version = headerOf(answer, 'sec-websocket-version');
    const missing = version === undefined ? 'Upgrade' : 'Sec-WebSocket-Version';
    return { code: 'upgrade-headers-missing', missing };
  }
  if (status === 505) return { code: 'upgrade-headers-missing', missing: 'HTTP/1.1' };
  if (status >= 200 && status < 300) return { code: 'upgrade-ignored' };
  return { code: byStatus[status] ?? 'upgrade-unexpected-status' };
}

/** What an answer says in words: in its body, or in its status line, where daphne has them. */
function refusalIn({ reason, body }: Answer): Refusal | undefined {
  for (const text of [textOf(body), reason]) {
    const known = applicationMessages.find(({ pattern }) => pattern.test(text));
    if (known?.code === undefined) continue;
    return { code: known.code, ...(known.missing !== undefined && { missing: known.missing }) };
  }
  return undefined;
}
