import { type Answer, headerOf } from './answer.ts';
import type { FindingCode } from './catalog.ts';

/** What an answer to a complete handshake, other than 101, 401 and redirects, says. */
export interface Refusal {
  readonly code: FindingCode;
  /** The header that did not arrive, where the answer names it. */
  readonly missing?: string;
}

/** What servers write into a 400 or 426 when a header of the handshake is not there. */
const missingHeaderTexts: readonly { readonly words: RegExp; readonly missing: string }[] = [
  // gorilla: "'upgrade' token not found in 'Connection' header"; aiohttp: "No CONNECTION upgrade hdr";
  // tornado: '"Connection" must be "Upgrade".'; Python websockets: "missing Connection header".
  {
    words: /connection['"]? (?:header|must be|upgrade hdr)|missing connection/i,
    missing: 'Connection',
  },
  // ws: "Missing or invalid Sec-WebSocket-Key header"; gorilla: "'Sec-WebSocket-Key' header …".
  { words: /sec-websocket-key/i, missing: 'Sec-WebSocket-Key' },
  { words: /sec-websocket-version/i, missing: 'Sec-WebSocket-Version' },
  // ws: "Invalid Upgrade header"; tornado: 'Can "Upgrade" only to "WebSocket".'.
  { words: /upgrade|websocket/i, missing: 'Upgrade' },
];

/** Texts with which nginx answers 400 itself. */
const nginxTexts: readonly { readonly words: RegExp; readonly code: FindingCode }[] = [
  {
    words: /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server/i,
    code: 'plain-to-tls-port',
  },
  {
    words: /No required SSL certificate was sent|SSL certificate error/i,
    code: 'client-certificate-wanted',
  },
];

const byStatus: Readonly<Record<number, FindingCode>> = {
  403: 'upgrade-forbidden',
  404: 'upgrade-not-found',
  410: 'upgrade-not-found',
  429: 'upgrade-throttled',
  500: 'auth-service-broken',
  502: 'backend-unreachable',
  503: 'service-unavailable',
  504: 'backend-timeout',
};

/** Reads a refusal. */
export function classifyRefusal(answer: Answer): Refusal {
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { code: 'upgrade-ignored' };
  if (status === 400 || status === 426) {
    const nginx = nginxTexts.find(({ words }) => words.test(body));
    if (nginx !== undefined) return { code: nginx.code };
    const complaint = missingHeaderTexts.find(({ words }) => words.test(body));
    if (complaint !== undefined) {
      return { code: 'upgrade-headers-missing', missing: complaint.missing };
    }
    if (status === 426) {
      // RFC 6455, section 4.4: a server that wants another version names those it knows.
      const version = headerOf(answer, 'sec-websocket-version');
      const missing = version === undefined ? 'Upgrade' : 'Sec-WebSocket-Version';
      return { code: 'upgrade-headers-missing', missing };
    }
    return { code: 'upgrade-bad-request' };
  }
  return { code: byStatus[status] ?? 'upgrade-unexpected-status' };
}
