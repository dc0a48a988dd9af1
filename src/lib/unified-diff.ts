import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff';

/** What stands behind `---` and `+++`. */
export interface DiffNames {
  readonly before: string;
  readonly after: string;
}

/** Most lines that may differ before the texts are shown as replaced altogether: time is quadratic in it. */
const maxEditLength = 5_000;

/**
 * Unified diff between two texts, with three lines of context, as `diff -u` writes it and `patch`
 * applies it; empty for equal texts.
 */
export function renderUnifiedDiff(names: DiffNames, before: string, after: string): string {
  if (before === after) return '';
  const options = { context: 3, maxEditLength };
  const patch =
    structuredPatch(names.before, names.after, before, after, undefined, undefined, options) ??
    replacement(names, before, after);
  return formatPatch(patch, FILE_HEADERS_ONLY);
}

/** A patch of one hunk that removes every line and adds every new one. */
function replacement(names: DiffNames, before: string, after: string) {
  const removed = structuredPatch(names.before, names.after, before, '');
  const added = structuredPatch(names.before, names.after, '', after);
  const [old, fresh] = [removed.hunks[0], added.hunks[0]];
  if (old === undefined || fresh === undefined) return old === undefined ? added : removed;
  const { newStart, newLines, lines } = fresh;
  return { ...removed, hunks: [{ ...old, newStart, newLines, lines: [...old.lines, ...lines] }] };
}
