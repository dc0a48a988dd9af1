import type { TokenState } from '../../core/model/token.ts';
import type { TokenFilter } from '../port.ts';
import type { SqliteConnection } from './connection.ts';
import { columns, type TokenRow } from './token-row.ts';

/** Rows that are looked at in one go, a few milliseconds; decisions are made between two. */
const stretch = 5_000;

const unended = 'revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now)';

/** The states as SQL: what `tokenState` says of a token, at the moment `@now`. */
export const inState: Readonly<Record<TokenState, string>> = {
  active: `${unended} AND (max_uses IS NULL OR uses < max_uses) AND (not_before IS NULL OR not_before <= @now)`,
  pending: `${unended} AND (max_uses IS NULL OR uses < max_uses) AND not_before > @now`,
  used: `${unended} AND uses >= max_uses`,
  expired: 'revoked_at IS NULL AND expires_at <= @now',
  revoked: 'revoked_at IS NOT NULL',
};

/** Conditions for the tokens of a subject and of a gate. */
export function matching({ subject, gate }: Pick<TokenFilter, 'subject' | 'gate'>): string[] {
  return [
    ...(subject === undefined ? [] : ['subject = @subject']),
    ...(gate === undefined
      ? []
      : ['token.seq IN (SELECT token_seq FROM token_gate WHERE gate = @gate)']),
  ];
}

/**
 * The newest `limit` rows before a place in the list. Where no index knows which tokens are in the
 * wanted state, the table is walked in stretches, so that a search through a million tokens for the
 * few that are in it holds nobody up.
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
    const from = newest - stretch + 1;
    const values = { ...filter, now, limit: limit - rows.length, before: newest + 1, from };
    rows.push(...db.all<TokenRow>(sql, values));
    if (rows.length === limit) return rows;
    end = from;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Where the next token is: pruning leaves wide gaps in the numbers. */
function newestBefore(db: SqliteConnection, end: number): number | undefined {
  const sql = 'SELECT seq FROM token WHERE seq < @end ORDER BY seq DESC LIMIT 1';
  return db.get<{ seq: number }>(sql, { end })?.seq;
}

/** One page of rows between two places, newest first. */
export function listSql({ subject, gate, state }: TokenFilter): string {
  const conditions = [
    ...(subject === undefined ? [] : ['subject = @subject']),
    ...(gate === undefined ? [] : ['gate = @gate']),
    ...(state === undefined ? [] : [inState[state]]),
  ];
  // Along the index of the gate, where everything is in the order of the list already; a subject has
  // fewer tokens than a gate. SQLite knows neither, so the join says which way it goes.
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
