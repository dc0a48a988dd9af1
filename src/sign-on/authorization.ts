import { containsToken } from '../lib/secret.ts';

/**
 * The client's `Authorization` header, to forward to the service. Empty when the client sent none,
 * or when it holds a Postern token: anywhere in the text, or within Basic (RFC 7617).
 */
export function forwardableAuthorization(value: string | undefined): { Authorization?: string } {
  if (value === undefined || value === '') return {};
  const basic = /^\s*basic\s+(.*)$/is.exec(value)?.[1] ?? '';
  const decoded = Buffer.from(basic, 'base64').toString('latin1');
  return containsToken(value) || containsToken(decoded) ? {} : { Authorization: value };
}
