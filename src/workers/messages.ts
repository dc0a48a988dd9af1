import type { ListenAddress } from '../config/listen-address.ts';
import type { DecisionRecord } from '../services/events.ts';

/** Where a worker listens, which is the same for all. */
export interface Addresses {
  readonly gate: ListenAddress;
  readonly admin: ListenAddress;
}

/** What the primary process says to a worker. */
export type ToWorker =
  /** Begin. One of the workers prunes for all. */
  | { readonly kind: 'start'; readonly prunes: boolean }
  /** Read the configuration again. */
  | { readonly kind: 'reload' }
  /** Is this decision one of yours? */
  | { readonly kind: 'find'; readonly query: number; readonly requestId: string }
  | { readonly kind: 'found'; readonly query: number; readonly record: DecisionRecord | null };

/** What a worker says to the primary process. */
export type ToPrimary =
  | { readonly kind: 'ready'; readonly addresses: Addresses }
  /** The configuration was read again here, and should be elsewhere. */
  | { readonly kind: 'reload' }
  /** Did anybody else make this decision? */
  | { readonly kind: 'find'; readonly query: number; readonly requestId: string }
  | { readonly kind: 'found'; readonly query: number; readonly record: DecisionRecord | null };
