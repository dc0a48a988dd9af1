import { hash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';

/** The lookup hash of a token. */
export function hashOf(name: string): Buffer {
  return hash('sha256', name, 'buffer');
}

/** Properties of the tokens. */
export interface Filling {
  readonly count: number;
  readonly kind?: 'token' | 'ticket';
  /** Unix time in milliseconds. */
  readonly expiresAt?: number;
  /** One token in so many has the rare subject and the gate `rare`, and is revoked. */
  readonly rareIn?: number;
  readonly signal?: AbortSignal;
}

/** Rows per batch; the abort signal is checked between batches. */
const rowsInOneGo = 10_000;

/**
 * Creates a store with the tokens `<prefix>0`, `<prefix>1`, … It writes directly to SQLite, without
 * durability, since only later access is measured. Rejects on abort.
 */
export async function fillStore(
  dataDir: string,
  prefix: string,
  { count, kind = 'token', expiresAt, rareIn = 1_000, signal }: Filling,
): Promise<void> {
  await openSqliteStore(dataDir).close();
  const db = new Database(join(dataDir, 'postern.db'));
  // better-sqlite3 allows journal_mode = off in unsafe mode only.
  db.unsafeMode();
  db.pragma('journal_mode = off');
  db.pragma('synchronous = off');
  // Page cache for everything: hashes are in random order, and evicted pages would make this take
  // an hour.
  db.pragma('cache_size = -8000000');
  // Check constraints would take a quarter of the time, and the rows are valid.
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
