import { replaceInvisible } from '../../lib/replace-invisible.ts';

/** Writes a line to standard output. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a line to standard error: for people, not for scripts. */
export function printStderr(line = ''): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Writes a value as JSON to standard output. Control characters for terminals are escaped, which
 * JSON allows anywhere.
 */
export function printJson(value: unknown): void {
  const text = JSON.stringify(value, null, 2);
  // JSON.stringify escapes the control characters below U+0020 only.
  print(text.replace(/[\u007f-\u009f]/g, escapeCharacter));
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Renders rows as columns below a heading. Control characters are made visible. */
export function renderTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [heading, ...rows].map((row) => row.map(replaceInvisible));
  const widths = heading.map((_, column) =>
    Math.max(...lines.map((row) => row[column]?.length ?? 0)),
  );
  return lines
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
