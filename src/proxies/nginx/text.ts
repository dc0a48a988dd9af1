/** Indents every line that is not empty. */
export function indent(text: string, width = 4): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(width));
}

/** Joins the parts of a file with an empty line between them, and ends it with a line break. */
export function joinParts(...parts: readonly (string | undefined)[]): string {
  const present = parts.filter((part) => part !== undefined && part !== '');
  return `${present.map((part) => part?.trim()).join('\n\n')}\n`;
}
