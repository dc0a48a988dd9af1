/** A text for people's eyes: control characters are shown as U+FFFD, and not obeyed by a terminal. */
export function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is made visible.
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}
