/** Answer headers by name in lower case, one character a byte, one entry a line. */
export type AnswerHeaderLines = Readonly<Record<string, readonly string[]>>;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what nobody's name holds.
const control = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * The value of an answer header: UTF-8 text without white space around it, empty when the header is
 * missing or empty. Undefined when it cannot be read: bytes that are no UTF-8, control characters,
 * several lines that differ.
 */
export function readHeader(headers: AnswerHeaderLines, name: string): string | undefined {
  const [first = '', ...others] = Object.hasOwn(headers, name) ? (headers[name] ?? []) : [];
  if (others.some((line) => line !== first)) return undefined;
  try {
    const bytes = Buffer.from(first, 'latin1');
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
    return control.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
