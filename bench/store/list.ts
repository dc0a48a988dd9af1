import { join } from 'node:path';
import type { Store } from '../../src/store/port/store.ts';
import type { TokenFilter } from '../../src/store/port/tokens.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { median } from '../../testkit/statistics.ts';
import type { StorePart } from '../store-parts.ts';
import type { Figure } from './figure.ts';
import { fillStore } from './fill.ts';

const [small, large] = [1_000, 1_000_000] as const;
const rounds = 51;

const lists: readonly { what: string; filter: TokenFilter; isMiddle?: boolean }[] = [
  { what: 'the first page', filter: {} },
  { what: 'a page in the middle', filter: {}, isMiddle: true },
  { what: 'the first page of a subject', filter: { subject: 'user-0' } },
  { what: 'the first page of a gate', filter: { gate: 'rare' } },
  { what: 'the first page of those that are active', filter: { state: 'active' } },
  { what: 'the first page of those that are revoked', filter: { state: 'revoked' } },
];

/** Pages of a list; their cost must not depend on the number of tokens. */
export const listPart: StorePart = {
  name: 'list',
  async measure({ directory, announce, signal }) {
    const open = async (count: number): Promise<Store> => {
      announce(`list: making ${count} tokens …`);
      const dataDir = join(directory, `list-${count}`);
      // Fifty of each rare kind in both stores, so that all pages are full.
      await fillStore(dataDir, 't', { count, rareIn: count / 50 });
      signal.throwIfAborted();
      return openSqliteStore(dataDir);
    };
    const few = await open(small);
    const many = await open(large);
    const figures: Figure[] = [];
    try {
      for (const { what, filter, isMiddle = false } of lists) {
        const times = { few: [] as number[], many: [] as number[] };
        for (let round = 0; round < rounds; round++) {
          times.few.push(await timePage(few, filter, isMiddle ? small / 2 : undefined));
          times.many.push(await timePage(many, filter, isMiddle ? large / 2 : undefined));
        }
        figures.push({
          part: 'list',
          what: `${what}, of ${large.toLocaleString('en')}`,
          value: median(times.many),
          unit: 'µs',
          against: `of ${small.toLocaleString('en')}`,
          baseline: median(times.few),
        });
        signal.throwIfAborted();
      }
    } finally {
      await few.close();
      await many.close();
    }
    return figures;
  },
};

/** Microseconds per page of 50. */
async function timePage(
  { tokens }: Store,
  filter: TokenFilter,
  before: number | undefined,
): Promise<number> {
  const start = performance.now();
  await tokens.list(filter, {
    now: 5_000,
    limit: 50,
    ...(before !== undefined && { cursor: String(before) }),
  });
  return (performance.now() - start) * 1e3;
}
