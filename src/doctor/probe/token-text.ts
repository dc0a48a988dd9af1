const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** True for a token of RFC 9110, section 5.6.2: names of subprotocols, cookies and headers. */
export function isToken(text: string): boolean {
  return token.test(text);
}
