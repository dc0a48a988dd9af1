import { isWellFormedSecret, tokenPrefix } from '../lib/secret.ts';

/**
 * The client's `Authorization` as a header for the service, unless there is none or it holds a token
 * of Postern's: bare, behind any scheme, or within Basic (RFC 7617).
 */
export function ownAuthorization(value: string | undefined): { Authorization?: string } {
  if (value === undefined || value === '') return {};
  const [scheme = '', ...rest] = value.trim().split(/ +/);
  const text = rest.join(' ');
  const parts = /^basic$/i.test(scheme)
    ? Buffer.from(text, 'base64').toString('latin1').split(':')
    : [scheme, text];
  return parts.some((part) => isWellFormedSecret(part, tokenPrefix))
    ? {}
    : { Authorization: value };
}
