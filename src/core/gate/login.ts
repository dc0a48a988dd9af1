import type { Gate } from './gate.ts';
import type { Handshake } from './handshake.ts';
import { encodeOctets, pageAddress, pageTarget } from './page-address.ts';

/** What may stand in a login address, in braces, for a part of the page's own address. */
const placeholders = ['url', 'scheme', 'host', 'path'] as const;

/**
 * Checks a login address: http(s) or a path on the same host, with `{url}`, `{scheme}`, `{host}` and
 * `{path}`. Returns what is wrong with it, or undefined.
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

/** Whether a login address leads to Postern's own page, at this host or another. */
export function isOwnPage(template: string | undefined): boolean {
  return /^(?:https?:\/\/[^/?#]+)?\/\.postern\/login(?:[?#]|$)/i.test(template ?? '');
}

/**
 * The address that a page load is sent to, with what was asked for filled in, percent-encoded
 * (RFC 3986, section 2.1) and without any token. Undefined where the gate has none.
 */
export function renderLogin(
  { login, queryNames }: Pick<Gate, 'login' | 'queryNames'>,
  handshake: Handshake,
): string | undefined {
  return login?.replaceAll(/\{([a-z]+)\}/g, (_, name: string) =>
    encodeOctets(fillIn(name, handshake, queryNames)),
  );
}

function fillIn(name: string, handshake: Handshake, queryNames: readonly string[]): string {
  if (name === 'url') return pageAddress(handshake, queryNames);
  if (name === 'scheme') return handshake.scheme ?? 'https';
  if (name === 'host') return `${handshake.host}${handshake.port}`;
  return pageTarget(handshake, queryNames);
}
