import type { Source } from '../../../proxies/nginx/syntax/index.ts';
import type { Edit } from '../edit.ts';

interface LineChange {
  /** Index of the first line that is taken away. */
  readonly from: number;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

const context = 3;

/**
 * Writes edits as a unified patch. Edits that overlap an earlier one are left out: they are there
 * again when the doctor is asked once more.
 */
export function renderPatch(edits: readonly Edit[]): string {
  const bySource = new Map<Source, Edit[]>();
  for (const edit of edits) {
    const own = bySource.get(edit.source) ?? [];
    bySource.set(edit.source, own);
    if (!own.some((other) => collides(edit, other))) own.push(edit);
  }
  return [...bySource].map(([source, own]) => renderFile(source, own)).join('');
}

function collides(a: Edit, b: Edit): boolean {
  if (a.start === b.start && a.end === b.end && a.text === b.text) return true;
  return a.start < b.end && b.start < a.end;
}

function renderFile({ name, text }: Source, edits: readonly Edit[]): string {
  const lines = splitLines(text);
  const changes = toLineChanges(text, lines, edits);
  if (changes.length === 0) return '';
  return `--- ${name}\n+++ ${name}\n${hunks(lines, changes).join('')}`;
}

/** Lines with their line feeds, so that the last one shows whether it has one. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function toLineChanges(
  text: string,
  lines: readonly string[],
  edits: readonly Edit[],
): readonly LineChange[] {
  const starts = [0];
  for (const line of lines) starts.push((starts.at(-1) ?? 0) + line.length);
  const lineOf = (offset: number) => {
    const after = starts.findIndex((start) => start > offset);
    return after === -1 ? lines.length : after - 1;
  };
  const sorted = edits.toSorted((a, b) => a.start - b.start);
  const groups: { from: number; to: number; edits: Edit[] }[] = [];
  for (const edit of sorted) {
    const from = lineOf(edit.start);
    const wholeLines =
      edit.start === edit.end && starts[from] === edit.start && edit.text.endsWith('\n');
    const to = wholeLines ? from : lineOf(Math.max(edit.start, edit.end - 1)) + 1;
    const last = groups.at(-1);
    if (last !== undefined && from < last.to) {
      last.to = Math.max(last.to, to);
      last.edits.push(edit);
    } else {
      groups.push({ from, to: Math.min(to, lines.length), edits: [edit] });
    }
  }
  return groups.map(({ from, to, edits }) => {
    const base = starts[from] ?? text.length;
    let changed = text.slice(base, starts[to]);
    for (const { start, end, text: inserted } of edits.toReversed()) {
      changed = changed.slice(0, start - base) + inserted + changed.slice(end - base);
    }
    return { from, removed: lines.slice(from, to), added: splitLines(changed) };
  });
}

function hunks(lines: readonly string[], changes: readonly LineChange[]): string[] {
  const groups: LineChange[][] = [];
  for (const change of changes) {
    const last = groups.at(-1);
    const before = last?.at(-1);
    const isNear =
      before !== undefined && change.from - (before.from + before.removed.length) <= 2 * context;
    if (isNear) last?.push(change);
    else groups.push([change]);
  }
  let shift = 0;
  return groups.map((group) => {
    const [first, last] = [group[0], group.at(-1)] as [LineChange, LineChange];
    const from = Math.max(0, first.from - context);
    const to = Math.min(lines.length, last.from + last.removed.length + context);
    const body: string[] = [];
    let at = from;
    for (const { from: start, removed, added } of group) {
      body.push(...lines.slice(at, start).map((line) => mark(' ', line)));
      body.push(...removed.map((line) => mark('-', line)));
      body.push(...added.map((line) => mark('+', line)));
      at = start + removed.length;
    }
    body.push(...lines.slice(at, to).map((line) => mark(' ', line)));
    const grown = group.reduce((sum, { removed, added }) => sum + added.length - removed.length, 0);
    const head = `@@ -${range(from, to - from)} +${range(from + shift, to - from + grown)} @@\n`;
    shift += grown;
    return head + body.join('');
  });
}

function mark(sign: ' ' | '-' | '+', line: string): string {
  return line.endsWith('\n') ? `${sign}${line}` : `${sign}${line}\n\\ No newline at end of file\n`;
}

function range(from: number, count: number): string {
  return `${count === 0 ? from : from + 1},${count}`;
}
