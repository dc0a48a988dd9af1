import type { TokenState } from '../../core/model/token.ts';
import type { TokenFilter } from '../port/tokens.ts';
import type { SqliteConnection } from './connection.ts';
import { columns, type TokenRow } from './token-row.ts';

/** Rows that are scanned at once, a few milliseconds. Decisions are made in between. */
const scanBatch = 5_000;

const notEnded = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now)';

/** `tokenState` as SQL conditions, at the moment `@now`. */
export const stateConditions: Readonly<Record<TokenState, string>> = {
  active: `${notEnded} AND (max_uses IS NULL OR uses < max_uses) AND (not_before IS NULL OR not_before <= @now)`,
  pending: `${notEnded} AND (max_uses IS NULL OR uses < max_uses) AND not_before > @now`,
  used: `${notEnded} AND uses >= max_uses`,
  expired: 'revoked_at IS NULL AND expires_at <= @now',
  revoked: 'revoked_at IS NOT NULL',
};

/** Conditions for the tokens of a subject and of a gate. */
export function filterConditions({
  subject,
  gate,
}: Pick<TokenFilter, 'subject' | 'gate'>): string[] {
  return [
    ...(subject === undefined ? [] : ['subject = @subject']),
    ...(gate === undefined
      ? []
      : ['token.seq IN (SELECT token_seq FROM token_gate WHERE gate = @gate)']),
  ];
}

/**
 * The newest `limit` rows before a place in the list. Where no index covers the state, the table is scanned in
 * batches, so that a search through a million tokens does not block decisions.
 */
export async function listRows(
  db: SqliteConnection,
  filter: TokenFilter,
  { now, limit, before }: { now: number; limit: number; before: number },
): Promise<TokenRow[]> {
  const isIndexed =
    filter.state === undefined || (filter.state === 'revoked' && filter.gate === undefined);
  const sql = listSql(filter);
  if (isIndexed) return db.all<TokenRow>(sql, { ...filter, now, limit, before, from: 0 });
  const rows: TokenRow[] = [];
  for (let end: number | undefined = before; ; ) {
    const newest: number | undefined = newestBefore(db, end);
    if (newest === undefined) return rows;
    const from = newest - scanBatch + 1;
    const values = { ...filter, now, limit: limit - rows.length, before: newest + 1, from };
    rows.push(...db.all<TokenRow>(sql, values));
    if (rows.length === limit) return rows;
    end = from;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The number of the next token: pruning leaves wide gaps in the numbers. */
function newestBefore(db: SqliteConnection, end: number): number | undefined {
  const sql = 'SELECT seq FROM token WHERE seq < @end ORDER BY seq DESC LIMIT 1';
  return db.get<{ seq: number }>(sql, { end })?.seq;
}

/** One page of rows between two places, newest first. */
export function listSql({ subject, gate, state }: TokenFilter): string {
  const conditions = [
    ...(subject === undefined ? [] : ['subject = @subject']),
    ...(gate === undefined ? [] : ['gate = @gate']),
    ...(state === undefined ? [] : [stateConditions[state]]),
  ];
  // CROSS JOIN fixes the join order, which SQLite cannot choose without statistics: along the index of the
  // gate, which is in the order of the list, or from the subject, which has fewer tokens than a gate.
  const [source, seq] =
    gate === undefined
      ? ['token', 'token.seq']
      : subject === undefined
        ? ['token_gate CROSS JOIN token ON token.seq = token_seq', 'token_seq']
        : ['token CROSS JOIN token_gate ON token_seq = token.seq', 'token.seq'];
  return `SELECT ${columns} FROM ${source}
    WHERE ${[...conditions, `${seq} < @before AND ${seq} >= @from`].join(' AND ')}
    ORDER BY ${seq} DESC LIMIT @limit`;
}
