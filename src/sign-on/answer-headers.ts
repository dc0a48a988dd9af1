/** Response headers by lower-case name: one entry per line, one character per byte (latin1). */
export type AnswerHeaderLines = Readonly<Record<string, readonly string[]>>;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters never belong in a name.
const control = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * The value of a response header: UTF-8 text, trimmed, empty when the header is missing or empty.
 * Undefined when the value is unusable: invalid UTF-8, control characters, or several lines that
 * differ.
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
