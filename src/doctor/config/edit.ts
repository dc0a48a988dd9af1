import type { Directive, Source } from '../../proxies/nginx/syntax/index.ts';

/** A change of a file: what stands between two offsets is replaced. */
export interface Edit {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Puts lines before a directive, with its indentation. */
export function insertBefore(directive: Directive, ...lines: string[]): Edit {
  const { source, words } = directive;
  const start = words[0]?.start ?? 0;
  const indent = indentAt(source.text, start);
  return { source, start, end: start, text: lines.map((line) => `${line}\n${indent}`).join('') };
}

/** Puts lines behind a directive, with its indentation. */
export function insertAfter(directive: Directive, ...lines: string[]): Edit {
  const { source, words, end } = directive;
  const indent = indentAt(source.text, words[0]?.start ?? 0);
  const [rest] = /^[ \t]*(?:#[^\n]*)?\n/.exec(source.text.slice(end)) ?? [];
  if (rest === undefined) {
    const text = lines.map((line) => `\n${indent}${line}`).join('');
    return { source, start: end, end, text };
  }
  const at = end + rest.length;
  return { source, start: at, end: at, text: lines.map((line) => `${indent}${line}\n`).join('') };
}

/** Puts lines first into the block of a directive. */
export function insertInto(directive: Directive, ...lines: string[]): Edit {
  const { source, words, block } = directive;
  const at = block?.start ?? directive.end;
  const indent = indentAt(source.text, words[0]?.start ?? 0);
  const inner = /\n([ \t]+)\S/.exec(source.text.slice(at, block?.end))?.[1] ?? `${indent}    `;
  return { source, start: at, end: at, text: lines.map((line) => `\n${inner}${line}`).join('') };
}

/** Puts lines last into the block of a directive. */
export function appendTo(directive: Directive, ...lines: string[]): Edit {
  const { source, words, block } = directive;
  const indent = indentAt(source.text, words[0]?.start ?? 0);
  const at = block?.end ?? directive.end;
  const lead =
    source.text.slice(0, at).endsWith('\n') || /\n[ \t]*$/.test(source.text.slice(0, at));
  const start = lead ? source.text.lastIndexOf('\n', at - 1) + 1 : at;
  const text = lines.map((line) => `${indent}    ${line}\n`).join('');
  return { source, start, end: start, text: lead ? text : `\n${text}` };
}

/** Writes a directive anew. */
export function replaceDirective({ source, words, end }: Directive, text: string): Edit {
  return { source, start: words[0]?.start ?? 0, end, text };
}

/** Writes one argument of a directive anew; 0 is the first behind the name. */
export function replaceArgument({ source, words }: Directive, index: number, text: string): Edit {
  const word = words[index + 1];
  return { source, start: word?.start ?? 0, end: word?.end ?? 0, text };
}

function indentAt(text: string, offset: number): string {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(lineStart, offset))?.[0] ?? '';
}
