import type { Store, StoreMeter } from '../port/store.ts';
import { SqliteAdminKeys } from './admin-keys.ts';
import { SqliteAudit } from './audit.ts';
import { AuditSubscriptions } from './audit-subscriptions.ts';
import { AuditWriter } from './audit-writer.ts';
import { SqliteJwts } from './jwts.ts';
import { openConnection } from './open.ts';
import { SqliteSigningKeys } from './signing-keys.ts';
import { SqliteThrottles } from './throttles.ts';
import { SqliteTokens } from './tokens.ts';

/** Opens the SQLite store in a directory. Throws OperatorError when it cannot be used. */
export function openSqliteStore(dataDir: string, meter: StoreMeter = noMeter): Store {
  const db = openConnection(dataDir, meter);
  const subscriptions = new AuditSubscriptions(() => writer.last()?.seq ?? 0);
  const writer = new AuditWriter(db, () => subscriptions.appended());
  const tokens = new SqliteTokens(db, writer);
  return {
    audit: new SqliteAudit(db, writer, subscriptions),
    tokens,
    signingKeys: new SqliteSigningKeys(db, writer),
    jwts: new SqliteJwts(db, writer),
    adminKeys: new SqliteAdminKeys(db, writer),
    throttles: new SqliteThrottles(db),
    ping: async () => void db.get('SELECT id FROM token LIMIT 1'),
    async close() {
      subscriptions.close();
      const counting = tokens.finish();
      if (counting !== undefined) await counting;
      await db.close();
    },
  };
}

/** For callers that measure nothing. */
const noMeter: StoreMeter = { done() {}, committed() {}, failed() {} };
