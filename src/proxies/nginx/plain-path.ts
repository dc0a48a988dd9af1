/** True for an absolute path that needs no quotes in nginx's language and cannot end a line of it. */
export function isPlainPath(text: string): boolean {
  return /^\/[A-Za-z0-9._/-]*$/.test(text);
}
