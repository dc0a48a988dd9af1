import type { ListenAddress } from '../config/listen-address.ts';
import type { DecisionRecord } from '../core/model/events.ts';
import type { ThrottledNetwork, ThrottleFilter } from '../core/model/throttle.ts';
import type { StoredThrottle } from '../store/port/throttles.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';

/** Where the workers listen: the same for all of them. */
export interface Addresses {
  readonly gate: ListenAddress;
  readonly admin: ListenAddress;
}

/** Notices between workers, by topic. They travel as JSON. */
export interface Notices {
  /** Read the configuration again, because of a signal or a request to the admin API. */
  readonly reload: 'signal' | 'request';
  /** This network exhausted its budget of failed attempts. */
  readonly throttled: StoredThrottle;
}

/** Queries between workers, by topic. */
export interface Questions {
  /** The decision with this request id; null for one that another worker made. */
  readonly decision: { readonly content: string; readonly answer: DecisionRecord | null };
  /** Metrics. The query carries the asker's own, since the primary process answers with those of all. */
  readonly metrics: { readonly content: Snapshot; readonly answer: Snapshot };
  /** Throttled networks. */
  readonly throttle: { readonly content: null; readonly answer: readonly ThrottledNetwork[] };
  /** Forgets failed attempts; the answer lists the networks that were throttled. */
  readonly clearThrottle: {
    readonly content: ThrottleFilter;
    readonly answer: readonly ThrottledNetwork[];
  };
  /** Drops the cached answers of the sign-on service behind the gate of this name; the answer is their count. */
  readonly forgetAnswers: { readonly content: string; readonly answer: number };
}

/** Messages from the primary process to a worker. */
export type ToWorker =
  /** Start. One of the workers maintains the store (prunes, counts tokens) for all. */
  | { readonly kind: 'start'; readonly maintains: boolean }
  | Notice
  | Question
  /** The answers that came in time. */
  | { readonly kind: 'answers'; readonly query: number; readonly answers: readonly unknown[] };

/** Messages from a worker to the primary process, which passes notices and queries on to the others. */
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
  /** Chosen by the asker. */
  readonly query: number;
  readonly topic: keyof Questions;
  readonly content: unknown;
}
