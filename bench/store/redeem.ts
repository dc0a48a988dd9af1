import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type AuditEntry, holderOf } from '../../src/core/model/audit.ts';
import type { Store } from '../../src/store/port/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { median } from '../../testkit/statistics.ts';
import type { StorePart } from '../store-parts.ts';
import type { Figure } from './figure.ts';
import { fillStore } from './fill.ts';

const rounds = 15;
/** Tickets redeemed one after the other, per round. */
const aloneSize = 200;
/** Redemptions in flight, and per round. */
const atOnce = 64;
const togetherSize = 4_000;

/** Durable redemptions with their audit entries: one at a time, and many at once. */
export const redeemPart: StorePart = {
  name: 'redeem',
  async measure({ directory, announce, signal }) {
    const dataDir = join(directory, 'redeem');
    const count = rounds * (2 * aloneSize + togetherSize);
    announce(`redeem: making ${count} tickets …`);
    await fillStore(dataDir, 't', { count, kind: 'ticket' });
    const ids = Array.from({ length: count }, (_, i) => `t${i}`);
    const store = openSqliteStore(dataDir);
    const plain = openPlain(dataDir);
    const times = { plain: [] as number[], alone: [] as number[], together: [] as number[] };
    try {
      announce('redeem: redeeming …');
      for (let round = 0; round < rounds; round++) {
        times.plain.push(time(ids.splice(0, aloneSize), plain.redeem));
        times.alone.push(await timeAll(store, ids.splice(0, aloneSize), 1));
        times.together.push(await timeAll(store, ids.splice(0, togetherSize), atOnce));
        signal.throwIfAborted();
      }
    } finally {
      await store.close();
      plain.close();
    }
    const baseline = median(times.plain);
    const figures: Figure[] = [
      {
        part: 'redeem',
        what: 'a redemption alone',
        value: median(times.alone),
        unit: 'µs',
        against: 'a plain transaction',
        baseline,
      },
      {
        part: 'redeem',
        what: `redemptions, ${atOnce} at once`,
        value: 1e6 / median(times.together),
        unit: 'a second',
        against: 'plain transactions',
        baseline: 1e6 / baseline,
        goal: { of: 'value', atLeast: 15_000 },
      },
    ];
    return figures;
  },
};

/** The same conditional update with plain SQLite, in its own transaction. */
function openPlain(dataDir: string): { redeem: (id: string) => void; close: () => void } {
  const db = new Database(join(dataDir, 'postern.db'));
  db.pragma('synchronous = full');
  const update = db.prepare(
    'UPDATE token SET uses = uses + 1, used_up_at = 3000, last_used_at = 3000 WHERE id = ? AND uses < max_uses',
  );
  return {
    redeem: db.transaction((id: string) => void update.run(id)).immediate,
    close: () => db.close(),
  };
}

/** Microseconds per redemption. */
function time(ids: readonly string[], redeem: (id: string) => void): number {
  const start = performance.now();
  for (const id of ids) redeem(id);
  return ((performance.now() - start) * 1e3) / ids.length;
}

/** Microseconds per redemption, with this many in flight. */
async function timeAll({ tokens }: Store, ids: string[], inFlight: number): Promise<number> {
  const count = ids.length;
  const start = performance.now();
  const redeemOneByOne = async () => {
    for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
      if (!(await tokens.redeem(id, 3_000, entryOf(id)))) throw new Error(`${id} was not redeemed`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, redeemOneByOne));
  return ((performance.now() - start) * 1e3) / count;
}

/** The audit entry of a redemption at a gate. */
function entryOf(id: string): AuditEntry {
  return {
    at: 3_000,
    event: 'redemption',
    actor: holderOf(id, { client: '203.0.113.7', requestId: randomUUID() }),
    tokenId: id,
    kind: 'ticket',
    subject: 'user-1',
    gate: 'chat',
  };
}
