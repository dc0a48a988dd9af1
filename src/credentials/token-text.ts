const maxTokenLength = 8_192;
const printable = /^[\x21-\x7e]+$/;

/** True for a text that any kind of token could be: printable ASCII without spaces, at most 8 KiB. */
export function isTokenText(text: string): boolean {
  return text.length <= maxTokenLength && printable.test(text);
}
