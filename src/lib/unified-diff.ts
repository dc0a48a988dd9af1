/** Lines of context around a change. */
const contextLines = 3;

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

/**
 * The difference of two texts in unified format (`diff -u`, `patch`); empty for equal texts. `undefined`
 * stands for a missing file.
 */
export function renderUnifiedDiff(name: string, before: string | undefined, after: string): string {
  if (before === after) return '';
  const edits = compare(linesOf(before ?? ''), linesOf(after));
  const hunks = findHunks(edits).map(([from, to]) => renderHunk(edits, from, to));
  const old = before === undefined ? '/dev/null' : `a/${name}`;
  return `--- ${old}\n+++ b/${name}\n${hunks.join('')}`;
}

/** Lines with their line breaks, so that a missing final one is a difference. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Limit on compared pairs of lines. Longer texts are shown as replaced entirely. */
const maxLinePairs = 4_000_000;

/** The shortest edit script, by the longest common subsequence. */
function compare(before: readonly string[], after: readonly string[]): Edit[] {
  if (before.length * after.length > maxLinePairs) {
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

/** Ranges of edits that contain changes, with context on both sides. */
function findHunks(edits: readonly Edit[]): [from: number, to: number][] {
  const hunks: [number, number][] = [];
  edits.forEach(({ sign }, index) => {
    if (sign === ' ') return;
    const [from, to] = [
      Math.max(0, index - contextLines),
      Math.min(edits.length, index + contextLines + 1),
    ];
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
