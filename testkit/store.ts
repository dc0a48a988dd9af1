import type { AuditEntry } from '../src/core/model/audit.ts';
import type { Store } from '../src/store/port/store.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';

/** A part of a store whose changes bring an entry of the audit log along by themselves. */
type Unrecorded<Part> = {
  [Name in keyof Part]: Part[Name] extends (...args: [...infer Args, AuditEntry]) => infer Result
    ? (...args: Args) => Result
    : Part[Name];
};

/** A store for tests that are not about the audit log. */
export type UnrecordedStore = Omit<Store, 'tokens' | 'jwts' | 'adminKeys' | 'signingKeys'> & {
  readonly [Name in 'tokens' | 'jwts' | 'adminKeys' | 'signingKeys']: Unrecorded<Store[Name]>;
};

const entry: AuditEntry = { at: 1_000, event: 'change', actor: { name: 'a-test' } };

const changes = new Set([
  ...['insert', 'insertFirst', 'redeem', 'update', 'rotate', 'revoke', 'revokeAll'],
  ...['replace', 'delete'],
]);

/** Opens the SQLite store in a directory, so that its changes need no entry. */
export function openUnrecordedStore(dataDir: string): UnrecordedStore {
  const { tokens, jwts, adminKeys, signingKeys, ...rest } = openSqliteStore(dataDir);
  return {
    ...rest,
    tokens: unrecorded(tokens),
    jwts: unrecorded(jwts),
    adminKeys: unrecorded(adminKeys),
    signingKeys: unrecorded(signingKeys),
  };
}

function unrecorded<Part extends object>(part: Part): Unrecorded<Part> {
  return new Proxy(part, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      const isChange = changes.has(String(name));
      return (...args: unknown[]) => method.apply(target, isChange ? [...args, entry] : args);
    },
  }) as Unrecorded<Part>;
}
