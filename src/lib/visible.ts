/**
 * A text for people's eyes: control characters, and those that change its direction or are not seen, are
 * shown as U+FFFD, and not obeyed by a terminal.
 */
export function visible(text: string): string {
  return text.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
