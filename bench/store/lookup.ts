import { join } from 'node:path';
import type { Store } from '../../src/store/port/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { median } from '../../testkit/statistics.ts';
import type { StorePart } from '../store-parts.ts';
import type { Figure } from './figure.ts';
import { fillStore, hashOf } from './fill.ts';

const small = 1_000;
const large = [100_000, 1_000_000];
/** Takes minutes to create, and two gigabytes. */
const huge = 10_000_000;
/** Look-ups per round. */
const roundSize = 5_000;
const rounds = 21;

/** Kinds of looked-up tokens. */
const kinds = {
  known: { prefix: 't', what: 'a look-up, each token in turn,' },
  unknown: { prefix: 'u', what: 'a look-up of an unknown token' },
} as const;
type Kind = keyof typeof kinds;

/**
 * Cost of a look-up by the number of tokens. A thousand tokens repeat often enough to stay cached;
 * unknown ones always go to the database.
 */
export const lookupPart: StorePart = {
  name: 'store-lookup',
  async measure({ directory, isLarge, announce, signal }) {
    const stores: { count: number; store: Store; times: Record<Kind, number[]> }[] = [];
    try {
      for (const count of [small, ...large, ...(isLarge ? [huge] : [])]) {
        announce(`store-lookup: making ${count} tokens …`);
        const dataDir = join(directory, `lookup-${count}`);
        await fillStore(dataDir, kinds.known.prefix, { count });
        signal.throwIfAborted();
        const store = openSqliteStore(dataDir);
        stores.push({ count, store, times: { known: [], unknown: [] } });
      }
      announce('store-lookup: looking up …');
      for (let round = 0; round < rounds; round++) {
        for (const { count, store, times } of stores) {
          times.known.push(await timeLookups(store, scattered('known', count, round)));
          times.unknown.push(await timeLookups(store, scattered('unknown', huge, round)));
          signal.throwIfAborted();
        }
      }
    } finally {
      for (const { store } of stores) await store.close();
    }
    const [first, ...others] = stores.map(({ count, times }) => ({
      count,
      known: median(times.known),
      unknown: median(times.unknown),
    }));
    return (['known', 'unknown'] as const).flatMap((kind) =>
      others.map(
        (one): Figure => ({
          part: 'store-lookup',
          what: `${kinds[kind].what} among ${one.count.toLocaleString('en')}`,
          value: one[kind],
          unit: 'µs',
          against: `among ${small.toLocaleString('en')}`,
          baseline: first?.[kind] ?? Number.NaN,
        }),
      ),
    );
  },
};

/** Hashes in scattered order, about equally often. */
function scattered(kind: Kind, count: number, round: number): Buffer[] {
  return Array.from({ length: roundSize }, (_, i) => {
    const number = ((round * roundSize + i) * 2_654_435_761) % count;
    return hashOf(`${kinds[kind].prefix}${number}`);
  });
}

/** Microseconds per look-up. */
async function timeLookups({ tokens }: Store, hashes: readonly Buffer[]): Promise<number> {
  const start = performance.now();
  for (const hash of hashes) await tokens.findByHash(hash);
  return ((performance.now() - start) * 1e3) / hashes.length;
}
