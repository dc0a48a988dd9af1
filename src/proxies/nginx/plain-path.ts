/** True for an absolute path that is safe in an nginx file without quotes. */
export function isPlainPath(text: string): boolean {
  return /^\/[A-Za-z0-9._/-]*$/.test(text);
}
