import type { Store, StoreMeter } from '../port.ts';
import { SqliteAdminKeys } from './admin-keys.ts';
import { SqliteAudit } from './audit.ts';
import { SqliteJwts } from './jwts.ts';
import { openConnection } from './open.ts';
import { SqliteSigningKeys } from './signing-keys.ts';
import { SqliteThrottles } from './throttles.ts';
import { SqliteTokens } from './tokens.ts';

/** What listens where nobody measures. */
const unmeasured: StoreMeter = { done() {}, committed() {}, failed() {} };

/** Opens the SQLite store in a directory. Throws OperatorError when it cannot be used. */
export function openSqliteStore(dataDir: string, meter: StoreMeter = unmeasured): Store {
  const db = openConnection(dataDir, meter);
  const audit = new SqliteAudit(db);
  const tokens = new SqliteTokens(db, audit);
  return {
    audit,
    tokens,
    signingKeys: new SqliteSigningKeys(db, audit),
    jwts: new SqliteJwts(db, audit),
    adminKeys: new SqliteAdminKeys(db, audit),
    throttles: new SqliteThrottles(db),
    openSnapshot: () => db.openSnapshot(),
    ping: async () => void db.get('SELECT id FROM token LIMIT 1'),
    async close() {
      const counting = tokens.finish();
      if (counting !== undefined) await counting;
      await db.close();
    },
  };
}
