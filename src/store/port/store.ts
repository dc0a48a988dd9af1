import type { AdminKeyStore } from './admin-keys.ts';
import type { AuditStore } from './audit.ts';
import type { JwtStore } from './jwts.ts';
import type { SigningKeyStore } from './signing-keys.ts';
import type { ThrottleStore } from './throttles.ts';
import type { TokenStore } from './tokens.ts';

/**
 * Learns what the store does and how long it takes, in milliseconds. Called with everything it does, so
 * a call takes no time to speak of; none throws.
 */
export interface StoreMeter {
  /** A read took this long; or a write did, from when it was asked for to when it may be relied on. */
  done(operation: 'read' | 'write', milliseconds: number): void;
  /** So many writes were committed together, and the disk took this long. */
  committed(writes: number, milliseconds: number): void;
  failed(operation: 'read' | 'write'): void;
}

/** Everything that Postern keeps. */
export interface Store {
  readonly audit: AuditStore;
  readonly signingKeys: SigningKeyStore;
  readonly tokens: TokenStore;
  readonly jwts: JwtStore;
  readonly adminKeys: AdminKeyStore;
  readonly throttles: ThrottleStore;
  /**
   * Has what is looked up from now on looked up at one moment, that of the first look-up, until the
   * function that it returns is called: for questions that were all asked before. It costs less than
   * one by one, and must end in the same turn of the event loop. What is written meanwhile ends it.
   */
  openSnapshot(): () => void;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  /** Writes what is to be written still, and closes. */
  close(): Promise<void>;
}
