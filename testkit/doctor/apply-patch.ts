import assert from 'node:assert/strict';
import type { ConfigFiles } from './examine.ts';

/** Applies a unified patch to files in memory, strictly: every line has to be where it says. */
export function applyPatch(files: ConfigFiles, patch: string): ConfigFiles {
  const result: Record<string, string> = { ...files };
  for (const part of patch.split(/^--- /m).slice(1)) {
    const [name = ''] = part.split('\n');
    const old = (files[name] ?? '').match(/[^\n]*\n|[^\n]+$/g) ?? [];
    const fresh: string[] = [];
    let at = 0;
    for (const hunk of part.split(/^@@ /m).slice(1)) {
      const [head = '', ...body] = hunk
        .replace(/\n\\ No newline at end of file/g, '\u0000')
        .split('\n');
      const [, start = '', count = ''] = /^-(\d+),(\d+) /.exec(head) ?? [];
      const from = Number(count) === 0 ? Number(start) : Number(start) - 1;
      fresh.push(...old.slice(at, from));
      at = from;
      for (const line of body.filter((one) => one !== '')) {
        const text = line.endsWith('\u0000') ? line.slice(1, -1) : `${line.slice(1)}\n`;
        if (line[0] !== '+') assert.equal(old[at++], text, `the patch does not fit: ${line}`);
        if (line[0] !== '-') fresh.push(text);
      }
    }
    result[name] = [...fresh, ...old.slice(at)].join('');
  }
  return result;
}
