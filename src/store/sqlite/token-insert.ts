import type { NewToken } from '../port/tokens.ts';
import type { SqliteConnection } from './connection.ts';
import { encodeRestrictions } from './token-row.ts';

const insertRow = `INSERT INTO token
    (id, hash, kind, subject, label, claims, bounds, weak, parent, jwt, renewable_until, created_at, not_before, expires_at, max_uses)
  VALUES (@id, @hash, @kind, @subject, @label, @claims, @bounds, @weak, @parent, @jwt, @renewableUntil, @createdAt, @notBefore, @expiresAt, @maxUses)`;

const insertGate = 'INSERT INTO token_gate (gate, token_seq) VALUES (@gate, @seq)';

/** Inserts a token and its gates, as part of a write. */
export function insertToken(db: SqliteConnection, token: NewToken): void {
  const { lastId: seq } = db.run(insertRow, {
    id: token.id,
    hash: token.hash,
    kind: token.kind,
    subject: token.subject,
    label: token.label ?? null,
    claims: JSON.stringify(token.claims),
    bounds: encodeRestrictions(token.restrictions),
    weak: token.weak ? 1 : 0,
    parent: token.parent ?? null,
    jwt: token.jwt === undefined ? null : JSON.stringify(token.jwt),
    renewableUntil: token.renewableUntil ?? null,
    createdAt: token.createdAt,
    notBefore: token.notBefore ?? null,
    expiresAt: token.expiresAt ?? null,
    maxUses: token.maxUses ?? null,
  });
  for (const gate of token.restrictions.gates) db.run(insertGate, { gate, seq });
}
