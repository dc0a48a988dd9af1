import type { AdminKeyStore } from './admin-keys.ts';
import type { AuditStore } from './audit.ts';
import type { JwtStore } from './jwts.ts';
import type { SigningKeyStore } from './signing-keys.ts';
import type { ThrottleStore } from './throttles.ts';
import type { TokenStore } from './tokens.ts';

/**
 * Measures the store; times are milliseconds. It is called for every operation, so an implementation is
 * fast and never throws.
 */
export interface StoreMeter {
  /** How long a read took, or a write from the call until it is durable. */
  done(operation: 'read' | 'write', milliseconds: number): void;
  /** A group commit: how many writes it had, and how long the disk took. */
  committed(writes: number, milliseconds: number): void;
  failed(operation: 'read' | 'write'): void;
}

/**
 * Everything that Postern keeps: the port that each engine implements. An engine is free to answer
 * look-ups of one turn of the event loop together.
 */
export interface Store {
  readonly audit: AuditStore;
  readonly signingKeys: SigningKeyStore;
  readonly tokens: TokenStore;
  readonly jwts: JwtStore;
  readonly adminKeys: AdminKeyStore;
  readonly throttles: ThrottleStore;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  /** Writes what is pending, and closes. */
  close(): Promise<void>;
}
