import { renderTable } from '../src/cli/toolkit/output.ts';
import type { Finding } from './property.ts';

/** How many cases came to what. */
export function renderOutcomes(
  name: string,
  run: {
    readonly cases: number;
    readonly outcomes: ReadonlyMap<string, number>;
    readonly ms: number;
  },
): string {
  const rate = Math.round((run.cases / Math.max(run.ms, 1)) * 1_000);
  const rows = [...run.outcomes].sort(([a], [b]) => (a < b ? -1 : 1));
  return renderTable(
    [`outcome of ${name}`, 'cases'],
    [
      ...rows.map(([outcome, count]) => [outcome, count.toLocaleString('en')]),
      ['together', `${run.cases.toLocaleString('en')} (${rate.toLocaleString('en')}/s)`],
    ],
  );
}

/** What broke a property, and how to see it again. */
export function renderFinding(name: string, { words, text }: Finding): string {
  const quoted = `'${text.replaceAll("'", "'\\''")}'`;
  return `${words}\n  npm run seam -- --${name} --replay ${quoted}`;
}
