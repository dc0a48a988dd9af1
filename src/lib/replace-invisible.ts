/**
 * Replaces control characters, invisible characters and those that change the direction of text with
 * U+FFFD, so that untrusted text cannot control a terminal or mislead its reader.
 */
export function replaceInvisible(text: string): string {
  return text.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
