import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openSqliteStore } from '../../src/stores/sqlite/store.ts';

/** The hash by which the token with this number is found. */
export function hashOf(name: string): Buffer {
  return createHash('sha256').update(name).digest();
}

/** What the tokens of a store are to be, besides many. */
export interface Filling {
  readonly count: number;
  readonly kind?: 'token' | 'ticket';
  /** Unix milliseconds. */
  readonly expiresAt?: number;
  /** One token in so many belongs to a subject, to the gate `rare`, and is revoked. */
  readonly rareIn?: number;
}

/**
 * Fills a directory with a store of tokens `<prefix>0`, `<prefix>1`, … It writes past Postern and
 * without regard for power cuts, because what is measured comes afterwards.
 */
export async function fillStore(
  dataDir: string,
  prefix: string,
  { count, kind = 'token', expiresAt, rareIn = 1_000 }: Filling,
): Promise<void> {
  await openSqliteStore(dataDir).close();
  const db = new Database(join(dataDir, 'postern.db'));
  db.pragma('journal_mode = off');
  db.pragma('synchronous = off');
  db.pragma('cache_size = -1000000');
  const subjects = Math.max(1, Math.floor(rareIn));
  const insert = db.prepare(
    `INSERT INTO token (id, hash, kind, subject, claims, bounds, created_at, expires_at, revoked_at, max_uses)
     VALUES (?, ?, ?, ?, ?, ?, 1000, ?, ?, ?)`,
  );
  const insertGate = db.prepare('INSERT INTO token_gate (gate, token_seq) VALUES (?, ?)');
  db.transaction(() => {
    for (let i = 0; i < count; i++) {
      const name = `${prefix}${i}`;
      const isRare = i % rareIn === 0;
      const { lastInsertRowid } = insert.run(
        ...[name, hashOf(name), kind, `user-${i % subjects}`],
        ...[`{"email":"${name}@example.com"}`, isRare ? '{"gates":["rare"]}' : null],
        ...[expiresAt ?? null, isRare && kind === 'token' ? 2_000 : null],
        kind === 'ticket' ? 1 : null,
      );
      if (isRare) insertGate.run('rare', lastInsertRowid);
    }
  })();
  db.pragma('journal_mode = wal');
  db.close();
}
