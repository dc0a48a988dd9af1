import type { Store } from '../store.ts';
import { SqliteAdminKeys } from './admin-keys.ts';
import { SqliteAudit } from './audit.ts';
import { openConnection } from './connection.ts';
import { SqliteJwts } from './jwts.ts';
import { SqliteSigningKeys } from './signing-keys.ts';
import { SqliteTokens } from './tokens.ts';

/** Opens the SQLite store in a directory. Throws OperatorError when it cannot be used. */
export function openSqliteStore(dataDir: string): Store {
  const db = openConnection(dataDir);
  const audit = new SqliteAudit(db);
  const tokens = new SqliteTokens(db, audit);
  return {
    audit,
    tokens,
    signingKeys: new SqliteSigningKeys(db, audit),
    jwts: new SqliteJwts(db, audit),
    adminKeys: new SqliteAdminKeys(db, audit),
    ping: async () => void db.get('SELECT id FROM token LIMIT 1'),
    async close() {
      tokens.finish();
      await db.close();
    },
  };
}
