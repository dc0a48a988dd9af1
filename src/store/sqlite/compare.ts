import { openDatabase } from './database.ts';

/**
 * What happened in a store after a backup of it was made, so that with the backup it has not
 * happened.
 */
export interface Undone {
  /** Ids of tokens that were revoked, or ended so long ago that they were deleted. */
  readonly goodAgain: readonly string[];
  /** Ids of tickets and other counted tokens that were used. */
  readonly usesAgain: readonly string[];
  /** Names of admin keys that were revoked. */
  readonly keysAgain: readonly string[];
  /** JWTs, or subjects with their issuer, that were revoked. */
  readonly jwtsAgain: readonly string[];
  /** How many tokens were issued that nobody knows now. */
  readonly gone: number;
}

const isLive = `n.revoked_at IS NULL AND ifnull(n.expires_at, @now) >= @now
  AND (n.max_uses IS NULL OR n.uses < n.max_uses)`;
const goodAgain = `SELECT n.id FROM main.token n LEFT JOIN before.token o ON o.id = n.id
  WHERE ${isLive} AND (o.id IS NULL OR o.revoked_at IS NOT NULL) ORDER BY n.seq`;
const usesAgain = `SELECT n.id FROM main.token n JOIN before.token o ON o.id = n.id
  WHERE ${isLive} AND o.revoked_at IS NULL AND o.uses > n.uses ORDER BY n.seq`;
const gone = 'SELECT id FROM before.token WHERE id NOT IN (SELECT id FROM main.token)';
const keys = 'SELECT name FROM SCHEMA.admin_key ORDER BY name';
const jwts = `SELECT iss || ' ' || ifnull('jti ' || jti, 'subject ' || subject)
  FROM SCHEMA.jwt_revocation WHERE ifnull(expires_at, @now) >= @now ORDER BY seq`;

/** Compares the store that was with the one that takes its place, at a moment in Unix milliseconds. */
export function compareStores(before: string, fresh: string, now: number): Undone {
  const db = openDatabase(fresh, { readonly: true });
  const read = (sql: string) => db.prepare<[object], string>(sql).pluck().all({ now });
  /** What stands in a table of one of the two; nothing where its schema is too old to have it. */
  const readFrom = (schema: 'main' | 'before', table: string, sql: string) => {
    const isThere = read(`SELECT name FROM ${schema}.sqlite_schema WHERE name = '${table}'`);
    return isThere.length === 0 ? [] : read(sql.replace('SCHEMA', schema));
  };
  const without = (those: string[], these: string[]) => those.filter((one) => !these.includes(one));
  try {
    db.prepare('ATTACH ? AS before').run(before);
    return {
      goodAgain: read(goodAgain),
      usesAgain: read(usesAgain),
      keysAgain: without(
        readFrom('main', 'admin_key', keys),
        readFrom('before', 'admin_key', keys),
      ),
      jwtsAgain: without(
        readFrom('before', 'jwt_revocation', jwts),
        readFrom('main', 'jwt_revocation', jwts),
      ),
      gone: read(gone).length,
    };
  } finally {
    db.close();
  }
}
