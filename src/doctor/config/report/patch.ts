import { renderUnifiedDiff } from '../../../lib/unified-diff.ts';
import type { Source } from '../../../proxies/nginx/syntax/index.ts';
import type { Edit } from '../edit.ts';

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
  return renderUnifiedDiff({ before: name, after: name }, text, applyEdits(text, edits));
}

/** The text with the edits made, the last one first so that the offsets of the others stay valid. */
function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => a.start - b.start)
    .reduceRight(
      (changed, { start, end, text: inserted }) =>
        changed.slice(0, start) + inserted + changed.slice(end),
      text,
    );
}
