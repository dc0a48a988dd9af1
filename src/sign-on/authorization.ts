import { isWellFormedSecret, tokenPrefix } from '../lib/secret.ts';

/**
 * The client's `Authorization` header, to forward to the service. Empty when the client sent none,
 * or when it holds a Postern token: bare, behind any scheme, or within Basic (RFC 7617).
 */
export function forwardableAuthorization(value: string | undefined): { Authorization?: string } {
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
