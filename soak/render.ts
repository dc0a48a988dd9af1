import { renderTable } from '../src/cli/toolkit/output.ts';
import type { Slice, Verdict } from './judge.ts';

/** Renders the slices, one per line. */
export function renderSlices(slices: readonly Slice[]): string {
  return renderTable(
    [
      ...['slice', 'requests', 'requests/s', 'p50 ms', 'p99 ms', 'RSS MB', 'anonymous MB'],
      ...['descriptors', 'database MB', 'WAL MB'],
    ],
    slices.map((slice, index) => [
      String(index + 1),
      slice.requests.toLocaleString('en'),
      Math.round(slice.requests / slice.seconds).toLocaleString('en'),
      slice.p50.toFixed(2),
      slice.p99.toFixed(2),
      slice.rssMb.toFixed(1),
      slice.anonymousMb.toFixed(1),
      String(slice.descriptors),
      slice.databaseMb.toFixed(1),
      slice.walMb.toFixed(1),
    ]),
  );
}

/** Renders the verdict. */
export function renderVerdict({ verdict, comparisons }: Verdict): string {
  const table = renderTable(
    ['median of', 'first half', 'second half', 'at most', ''],
    comparisons.map(({ what, first, second, most }) => [
      what,
      first.toFixed(1),
      second.toFixed(1),
      most.toFixed(1),
      second > most ? 'GROWS' : 'flat',
    ]),
  );
  const words = {
    flat: 'Flat: the second half takes no more than the first.',
    grows: 'Not flat: something grows with the number of requests.',
    short: 'Too short to say: only that every answer was right.',
  }[verdict];
  return `${table}\n\n${words}`;
}
