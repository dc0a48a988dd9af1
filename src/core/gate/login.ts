import type { Gate } from './gate.ts';
import type { Handshake } from './handshake.ts';
import { percentEncodeOctets, requestTarget, requestUrl } from './request-url.ts';

/** Placeholders of a login address, in braces: parts of the address of the requested page. */
const placeholders = ['url', 'scheme', 'host', 'path'] as const;

/**
 * Validates the template of a login address: http(s) or a path on the same host, with `{url}`, `{scheme}`,
 * `{host}` and `{path}`. Returns the problem, or undefined.
 */
export function findLoginProblem(template: string): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(template)) return 'has spaces or characters that are not ASCII';
  const unknown = /\{([^{}]*)\}/g;
  for (const [whole, name = ''] of template.matchAll(unknown)) {
    if (!(placeholders as readonly string[]).includes(name)) {
      return `${whole} is none of {url}, {scheme}, {host}, {path}`;
    }
  }
  const example = template.replaceAll(unknown, 'x');
  const isPath = /^\/(?![/\\])/.test(example);
  const isUrl = URL.canParse(example) && /^https?:\/\//i.test(example);
  return isPath || isUrl ? undefined : 'write https://login.example.com/… or a path such as /login';
}

/** Whether a login address is Postern's own login page, at this host or another. */
export function isPosternLoginPage(template: string | undefined): boolean {
  return /^(?:https?:\/\/[^/?#]+)?\/\.postern\/login(?:[?#]|$)/i.test(template ?? '');
}

/**
 * The login address for a page load: the template filled in with the requested page, percent-encoded
 * (RFC 3986, section 2.1) and without tokens. Undefined where the gate has none.
 */
export function renderLoginUrl(
  { login, queryNames }: Pick<Gate, 'login' | 'queryNames'>,
  handshake: Handshake,
): string | undefined {
  return login?.replaceAll(/\{([a-z]+)\}/g, (_, name: string) =>
    percentEncodeOctets(fillIn(name, handshake, queryNames)),
  );
}

function fillIn(name: string, handshake: Handshake, queryNames: readonly string[]): string {
  if (name === 'url') return requestUrl(handshake, queryNames);
  if (name === 'scheme') return handshake.scheme ?? 'https';
  if (name === 'host') return `${handshake.host}${handshake.port}`;
  return requestTarget(handshake, queryNames);
}
