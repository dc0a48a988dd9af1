import { renderUnifiedDiff } from '../../../lib/unified-diff.ts';
import type { Source } from '../../../proxies/nginx/syntax/index.ts';
import type { Edit } from '../edit.ts';

/**
 * Writes edits as a unified patch. Edits that overlap an earlier one are left out: they are there
 * again when the doctor is asked once more.
 */
export function renderPatch(edits: readonly Edit[]): string {
  return editsByFile(edits)
    .map(({ source, edits: own }) => renderFile(source, own))
    .join('');
}

/** The edits of each file, without those that overlap an earlier one. */
export function editsByFile(
  edits: readonly Edit[],
): readonly { readonly source: Source; readonly edits: readonly Edit[] }[] {
  const files = new Map<string, { source: Source; edits: Edit[] }>();
  for (const edit of edits) {
    const file = files.get(edit.source.name) ?? { source: edit.source, edits: [] };
    files.set(edit.source.name, file);
    if (!file.edits.some((other) => collides(edit, other))) file.edits.push(edit);
  }
  return [...files.values()];
}

function collides(a: Edit, b: Edit): boolean {
  if (a.start === b.start && a.end === b.end && a.text === b.text) return true;
  return a.start < b.end && b.start < a.end;
}

function renderFile({ name, text }: Source, edits: readonly Edit[]): string {
  return renderUnifiedDiff({ before: name, after: name }, text, applyEdits(text, edits));
}

/** The text with the edits made, the last one first so that the offsets of the others stay valid. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((a, b) => a.start - b.start)
    .reduceRight(
      (changed, { start, end, text: inserted }) =>
        changed.slice(0, start) + inserted + changed.slice(end),
      text,
    );
}
