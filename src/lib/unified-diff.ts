/** Lines of context around a change. */
const context = 3;

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

/**
 * What leads from one text to the other, in the unified format that `diff -u` and `patch` use; empty
 * for equal texts. `undefined` is a file that is not there.
 */
export function renderUnifiedDiff(name: string, before: string | undefined, after: string): string {
  if (before === after) return '';
  const edits = compare(linesOf(before ?? ''), linesOf(after));
  const hunks = findHunks(edits).map(([from, to]) => renderHunk(edits, from, to));
  const old = before === undefined ? '/dev/null' : `a/${name}`;
  return `--- ${old}\n+++ b/${name}\n${hunks.join('')}`;
}

/** Lines with their line breaks, so that a missing last one counts. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Most pairs of lines to look at; texts that are longer are shown as replaced altogether. */
const mostPairs = 4_000_000;

/** The shortest way from one to the other, by the longest common subsequence. */
function compare(before: readonly string[], after: readonly string[]): Edit[] {
  if (before.length * after.length > mostPairs) {
    const sign = (sign: '-' | '+') => (line: string) => ({ sign, line });
    return [...before.map(sign('-')), ...after.map(sign('+'))];
  }
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      edits.push({ sign: ' ', line: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ sign: '-', line: old });
      i++;
    } else if (fresh !== undefined) {
      edits.push({ sign: '+', line: fresh });
      j++;
    }
  }
  return edits;
}

/** Stretches of edits with changes in them, context on both sides. */
function findHunks(edits: readonly Edit[]): [from: number, to: number][] {
  const hunks: [number, number][] = [];
  edits.forEach(({ sign }, index) => {
    if (sign === ' ') return;
    const [from, to] = [Math.max(0, index - context), Math.min(edits.length, index + context + 1)];
    const last = hunks.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  });
  return hunks;
}

function renderHunk(edits: readonly Edit[], from: number, to: number): string {
  const body = edits.slice(from, to);
  const side = (sign: '-' | '+') => {
    const isOn = (edit: Edit) => edit.sign === ' ' || edit.sign === sign;
    const first = edits.slice(0, from).filter(isOn).length;
    const count = body.filter(isOn).length;
    return `${sign}${count === 0 ? first : first + 1},${count}`;
  };
  const lines = body.map(({ sign, line }) =>
    line.endsWith('\n') ? `${sign}${line}` : `${sign}${line}\n\\ No newline at end of file\n`,
  );
  return `@@ ${side('-')} ${side('+')} @@\n${lines.join('')}`;
}
