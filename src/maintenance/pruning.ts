import type { Config } from '../config/config.ts';
import { retentionEntry } from '../core/model/audit-entries.ts';
import type { Events } from '../core/model/events.ts';
import type { TokenKind } from '../core/model/identity.ts';
import type { AuditStore } from '../store/port/audit.ts';
import type { JwtStore } from '../store/port/jwts.ts';
import type { TokenStore } from '../store/port/tokens.ts';

/** Rows in a batch. That many are deleted in about half a millisecond. */
const batchSize = 5;

/**
 * The pause after a batch, as a multiple of its duration. A batch that had to wait for decisions took long,
 * so pruning slows down under load.
 */
const pauseFactor = 2;

/** Milliseconds between two rounds. */
const roundMs = 10 * 60_000;

/** Milliseconds after its expiry in which a JWT could still pass, by leeway or by a clock that is set back. */
const jwtClockMarginMs = 3_600_000;

/** Audit entries that are marked for deletion at once. Finding them takes a few milliseconds. */
const markBatch = 10_000;

/** Milliseconds by which audit entries may outlive their retention, so that marks are few. */
const markIntervalMs = 86_400_000;

/** How many of each kind were deleted. */
export type Pruned = Readonly<Record<TokenKind | 'jwt' | 'audit', number>>;

/** Deletes at intervals what ended longer ago than its retention, until it is stopped. */
export interface Pruning {
  /** One round: batches until nothing is left to delete. Resolves with the counts. */
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
  /** Whether rounds start by themselves: one process prunes for all on a store. */
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

  /** The log itself marks entries before they are deleted, so that verification accepts that they are gone. */
  async function pruneAudit(): Promise<number> {
    const deleteMarked = () => inBatches(() => audit.deleteMarked(batchSize));
    // Entries that an earlier run marked and did not delete.
    let total = await deleteMarked();
    while (!stopped) {
      const before = clock() - limits().audit.retention;
      const [oldest] = (await audit.list({}, { limit: 1, order: 'oldest' })).records;
      if (oldest === undefined || oldest.at >= before - markIntervalMs) break;
      const marked = await audit.markForDeletion(
        { before, limit: markBatch },
        retentionEntry(clock()),
      );
      if (marked === 0) break;
      total += await deleteMarked();
    }
    return total;
  }

  async function run(): Promise<Pruned> {
    const token = await pruneKind('token', limits().tokens.retention);
    const ticket = await pruneKind('ticket', limits().tickets.retention);
    const session = await pruneKind('session', limits().sessions.retention);
    const jwt = await inBatches(() => jwts.prune(clock() - jwtClockMarginMs, batchSize));
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
