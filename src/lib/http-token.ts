/**
 * The form of a token (RFC 9110, section 5.6.2), for schemas: names of headers, cookies and
 * subprotocols, and methods.
 */
export const httpTokenPattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
const httpToken = new RegExp(httpTokenPattern);

/** True for an HTTP token. */
export function isHttpToken(text: string): boolean {
  return httpToken.test(text);
}
