import { openDatabase } from './database.ts';

/** The changes that were made after a backup, and that restoring it reverts. */
export interface RevertedChanges {
  /** Ids of tokens that were revoked, or deleted after their end, and are valid again. */
  readonly reinstatedTokens: readonly string[];
  /** Ids of tickets and other counted tokens whose uses are available again. */
  readonly restoredUses: readonly string[];
  /** Names of admin keys that were revoked and are valid again. */
  readonly reinstatedKeys: readonly string[];
  /** JWTs, or subjects with their issuer, that were revoked and are accepted again. */
  readonly reinstatedJwts: readonly string[];
  /** How many tokens were issued and are unknown now. */
  readonly lostTokens: number;
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

/** Compares the previous store with its replacement, at a moment in Unix milliseconds. */
export function compareStores(before: string, fresh: string, now: number): RevertedChanges {
  const db = openDatabase(fresh, { readonly: true });
  const read = (sql: string) => db.prepare<[object], string>(sql).pluck().all({ now });
  /** Reads a table of one of the two; nothing where its schema is too old to have it. */
  const readFrom = (schema: 'main' | 'before', table: string, sql: string) => {
    const isThere = read(`SELECT name FROM ${schema}.sqlite_schema WHERE name = '${table}'`);
    return isThere.length === 0 ? [] : read(sql.replace('SCHEMA', schema));
  };
  const without = (those: string[], these: string[]) => those.filter((one) => !these.includes(one));
  try {
    db.prepare('ATTACH ? AS before').run(before);
    return {
      reinstatedTokens: read(goodAgain),
      restoredUses: read(usesAgain),
      reinstatedKeys: without(
        readFrom('main', 'admin_key', keys),
        readFrom('before', 'admin_key', keys),
      ),
      reinstatedJwts: without(
        readFrom('before', 'jwt_revocation', jwts),
        readFrom('main', 'jwt_revocation', jwts),
      ),
      lostTokens: read(gone).length,
    };
  } finally {
    db.close();
  }
}
