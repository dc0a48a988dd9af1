import type { ListenAddress } from '../config/listen-address.ts';
import type { DecisionRecord } from '../core/model/events.ts';
import type { ThrottledNetwork, ThrottleFilter } from '../core/model/throttle.ts';
import type { StoredThrottle } from '../store/port.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';

/** Where a worker listens, which is the same for all. */
export interface Addresses {
  readonly gate: ListenAddress;
  readonly admin: ListenAddress;
}

/** What workers tell each other, by topic. All of it goes between processes as JSON. */
export interface Notices {
  /** Read the configuration again: a signal came, or the teller was asked to, and has done so. */
  readonly reload: 'signal' | 'request';
  /** This one made too many attempts. */
  readonly throttled: StoredThrottle;
}

/** What workers ask each other, by topic. */
export interface Questions {
  /** Is the decision with this request id one of yours? */
  readonly decision: { readonly content: string; readonly answer: DecisionRecord | null };
  /**
   * What have you counted? With the asker's own numbers, since the primary process answers with those
   * of everybody, itself included.
   */
  readonly metrics: { readonly content: Snapshot; readonly answer: Snapshot };
  /** Who made too many attempts at yours? */
  readonly throttle: { readonly content: null; readonly answer: readonly ThrottledNetwork[] };
  /** Forget their attempts; who of them had made too many? */
  readonly clearThrottle: {
    readonly content: ThrottleFilter;
    readonly answer: readonly ThrottledNetwork[];
  };
}

/** What the primary process says to a worker. */
export type ToWorker =
  /** Begin. One of the workers prunes for all. */
  | { readonly kind: 'start'; readonly prunes: boolean }
  | Notice
  | Question
  /** What those said who answered in time. */
  | { readonly kind: 'answers'; readonly query: number; readonly answers: readonly unknown[] };

/** What a worker says to the primary process, which passes notices and questions on to the others. */
export type ToPrimary =
  | { readonly kind: 'ready'; readonly addresses: Addresses }
  | Notice
  | Question
  | { readonly kind: 'answer'; readonly query: number; readonly answer: unknown };

interface Notice {
  readonly kind: 'notice';
  readonly topic: keyof Notices;
  readonly content: unknown;
}

interface Question {
  readonly kind: 'question';
  /** A number of the asker's own. */
  readonly query: number;
  readonly topic: keyof Questions;
  readonly content: unknown;
}
