import type { Config } from '../config/config.ts';
import { systemActor } from '../core/model/audit.ts';
import type { Events } from '../core/model/events.ts';
import type { TokenKind } from '../core/model/identity.ts';
import type { AuditStore, JwtStore, TokenStore } from '../store/port.ts';

/** Rows a batch: that many are deleted in about half a millisecond. */
const batchSize = 5;

/**
 * How long decisions have the store to themselves after a batch, in batches. One that took long had
 * to wait for decisions, so where there are many, pruning takes its time.
 */
const pauseFactor = 2;

/** Milliseconds between two rounds. */
const roundMs = 10 * 60_000;

/** Milliseconds behind its expiry after which a JWT passes with no leeway and no clock set right. */
const jwtMargin = 3_600_000;

/** Entries of the audit log that are announced together: looking for them takes a few milliseconds. */
const announceSize = 10_000;

/**
 * Milliseconds that entries of the audit log may be over their time, so that there are not as many
 * announcements as there are entries.
 */
const announceMs = 86_400_000;

/** How many of each kind were deleted. */
export type Pruned = Readonly<Record<TokenKind | 'jwt' | 'audit', number>>;

/** Deletes what ended longer ago than its retention, now and then, until it is stopped. */
export interface Pruning {
  /** One round: batch after batch until nothing is left. Resolves with what was deleted. */
  run(): Promise<Pruned>;
  stop(): void;
}

/** Starts pruning in the background. Failures are reported and tried again in the next round. */
export function startPruning(dependencies: {
  readonly store: TokenStore;
  readonly jwts: JwtStore;
  readonly audit: AuditStore;
  /** The configuration in force. */
  readonly limits: () => Pick<Config, 'tokens' | 'tickets' | 'sessions' | 'audit'>;
  readonly events: Events;
  readonly clock: () => number;
  /** Whether there are rounds by themselves; one process does them for all on a store. */
  readonly isOn: boolean;
}): Pruning {
  const { store, jwts, audit, limits, events, clock, isOn } = dependencies;
  let stopped = false;

  function pruneKind(kind: TokenKind, retention: number): Promise<number> {
    return inBatches(() => store.prune(kind, clock() - retention, batchSize));
  }

  async function inBatches(prune: () => Promise<number>): Promise<number> {
    let total = 0;
    while (!stopped) {
      const start = performance.now();
      const count = await prune();
      total += count;
      if (count < batchSize) break;
      const pauseMs = pauseFactor * (performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    return total;
  }

  /** What goes is announced in the log itself first: that is how verifying it knows that it may. */
  async function pruneAudit(): Promise<number> {
    const deleteAnnounced = () => inBatches(() => audit.deleteAnnounced(batchSize));
    // What an earlier run announced and did not get to.
    let total = await deleteAnnounced();
    while (!stopped) {
      const before = clock() - limits().audit.retention;
      const [oldest] = (await audit.list({}, { limit: 1, order: 'oldest' })).records;
      if (oldest === undefined || oldest.at >= before - announceMs) break;
      const entry = { at: clock(), event: 'retention', actor: systemActor } as const;
      if ((await audit.announceRetention({ before, limit: announceSize }, entry)) === 0) break;
      total += await deleteAnnounced();
    }
    return total;
  }

  async function run(): Promise<Pruned> {
    const token = await pruneKind('token', limits().tokens.retention);
    const ticket = await pruneKind('ticket', limits().tickets.retention);
    const session = await pruneKind('session', limits().sessions.retention);
    const jwt = await inBatches(() => jwts.prune(clock() - jwtMargin, batchSize));
    const pruned = { token, ticket, session, jwt, audit: await pruneAudit() };
    events.pruned(pruned);
    return pruned;
  }

  const round = () => {
    run().catch((error: unknown) => events.failed('pruning failed', error));
  };
  const timer = isOn ? setInterval(round, roundMs).unref() : undefined;
  if (isOn) setImmediate(round);
  return {
    run,
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}
