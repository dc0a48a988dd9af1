/**
 * What a key may do: `admin` everything; `issuer` issue tokens and tickets, within bounds;
 * `introspector` ask about tokens; `auditor` read.
 */
export const roles = ['admin', 'issuer', 'introspector', 'auditor'] as const;

/** What a key may do. */
export type Role = (typeof roles)[number];

/** A key to the admin API, without its secret. All times are Unix milliseconds. */
export interface AdminKey {
  readonly name: string;
  readonly role: Role;
  /** Gates that an issuer may issue for; empty for all. */
  readonly gates: readonly string[];
  /** Longest life in milliseconds that an issuer may give; undefined for any. */
  readonly maxTtl: number | undefined;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly lastUsedAt: number | undefined;
}

/** A key with the role `admin` that is not in the store: the one in the configuration, or offline access. */
export function fullAccessKey(name: string, now: number): AdminKey {
  return {
    name,
    role: 'admin',
    gates: [],
    maxTtl: undefined,
    createdAt: now,
    expiresAt: undefined,
    lastUsedAt: undefined,
  };
}

/** The limits of an issuer's key. */
export type IssuerLimits = Pick<AdminKey, 'gates' | 'maxTtl'>;
