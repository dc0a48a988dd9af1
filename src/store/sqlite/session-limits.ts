import type { NewSession, SessionLimits } from '../port/tokens.ts';
import type { SqliteConnection } from './connection.ts';

/** Of the sessions of a parent, ended or not, the newest one but so many. */
const nthNewest = `SELECT created_at AS createdAt FROM token WHERE parent = @parent
  ORDER BY seq DESC LIMIT 1 OFFSET @newer`;

const endSession = 'UPDATE token SET revoked_at = @now WHERE revoked_at IS NULL AND id = @id';

/** Live sessions of an owner, without the newest ones, which are kept. */
function selectSurplus(owner: 'parent' | 'subject'): string {
  return `SELECT id FROM token WHERE seq IN (
      SELECT seq FROM token INDEXED BY token_session_by_${owner}
      WHERE ${owner} = @${owner} AND kind = 'session' AND revoked_at IS NULL AND expires_at > @now
      ORDER BY seq DESC LIMIT -1 OFFSET @kept
    )`;
}

/** When the first of too many recent sessions of this parent was opened; undefined while one more may be. */
export function openedTooOften(
  db: SqliteConnection,
  { parent }: NewSession,
  { perParent, openedSince }: SessionLimits,
): number | undefined {
  const first = db.get<{ createdAt: number }>(nthNewest, { parent, newer: perParent - 1 });
  return first !== undefined && first.createdAt > openedSince ? first.createdAt : undefined;
}

/** Ends the sessions that are too many with this one, as part of a write; returns their ids. */
export function endSurplusSessions(
  db: SqliteConnection,
  { parent, subject, createdAt: now }: NewSession,
  { perParent, perSubject }: SessionLimits,
): string[] {
  const end = (owner: 'parent' | 'subject', limit: number) => {
    const values = { parent, subject, now, kept: limit - 1 };
    const surplus = db.all<{ id: string }>(selectSurplus(owner), values);
    for (const { id } of surplus) db.run(endSession, { id, now });
    return surplus.map(({ id }) => id);
  };
  return [...end('parent', perParent), ...end('subject', perSubject)];
}
