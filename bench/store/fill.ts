import { hash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';

/** The hash by which the token with this number is found. */
export function hashOf(name: string): Buffer {
  return hash('sha256', name, 'buffer');
}

/** What the tokens of a store are to be, besides many. */
export interface Filling {
  readonly count: number;
  readonly kind?: 'token' | 'ticket';
  /** Unix milliseconds. */
  readonly expiresAt?: number;
  /** One token in so many belongs to a subject, to the gate `rare`, and is revoked. */
  readonly rareIn?: number;
  readonly signal?: AbortSignal;
}

/** Rows after which a signal to stop is heard. */
const rowsInOneGo = 10_000;

/**
 * Fills a directory with a store of tokens `<prefix>0`, `<prefix>1`, … It writes past Postern and
 * without regard for power cuts, because what is measured comes afterwards. Rejects when it is to stop.
 */
export async function fillStore(
  dataDir: string,
  prefix: string,
  { count, kind = 'token', expiresAt, rareIn = 1_000, signal }: Filling,
): Promise<void> {
  await openSqliteStore(dataDir).close();
  const db = new Database(join(dataDir, 'postern.db'));
  // SQLite does not write without a journal unless it was told that this is meant.
  db.unsafeMode();
  db.pragma('journal_mode = off');
  db.pragma('synchronous = off');
  // All of it in memory: hashes come in no order, and pages that come and go would take an hour.
  db.pragma('cache_size = -8000000');
  // The rows are right, and checking each would take a quarter of the time.
  db.pragma('ignore_check_constraints = on');
  const subjects = Math.max(1, Math.floor(rareIn));
  const insert = db.prepare(
    `INSERT INTO token (id, hash, kind, subject, claims, bounds, created_at, expires_at, revoked_at, max_uses)
     VALUES (?, ?, ?, ?, ?, ?, 1000, ?, ?, ?)`,
  );
  const insertGate = db.prepare('INSERT INTO token_gate (gate, token_seq) VALUES (?, ?)');
  const insertOne = (i: number) => {
    const name = `${prefix}${i}`;
    const isRare = i % rareIn === 0;
    const { lastInsertRowid } = insert.run(
      ...[name, hashOf(name), kind, `user-${i % subjects}`],
      ...[`{"email":"${name}@example.com"}`, isRare ? '{"gates":["rare"]}' : null],
      ...[expiresAt ?? null, isRare && kind === 'token' ? 2_000 : null],
      kind === 'ticket' ? 1 : null,
    );
    if (isRare) insertGate.run('rare', lastInsertRowid);
  };
  try {
    db.exec('BEGIN');
    for (let i = 0; i < count; i++) {
      insertOne(i);
      if (i % rowsInOneGo === 0) await nextTurn(undefined, signal && { signal });
    }
    db.exec('COMMIT');
    db.pragma('journal_mode = wal');
  } finally {
    db.close();
  }
}
