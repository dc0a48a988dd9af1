import type { Logger } from 'pino';
import { postern } from '../../core/model/audit.ts';
import type { DecisionRecord } from '../../core/model/events.ts';
import { createSampler, type Sampling } from '../sampler.ts';

/** Which decisions are lines of the log. */
export interface LogSampler {
  shouldLog(record: DecisionRecord): boolean;
  /** Writes down how many were left out so far. */
  flush(): void;
}

/** Many more than the audit log keeps: people look in the log for what happened a moment ago. */
export const logSampling: Sampling = {
  windowMs: 60_000,
  fullEntriesPerKey: 200,
  fullEntries: 1_000,
  maxKeys: 100,
};

/**
 * Samples denials that cost whoever sends them nothing, not even a credential: of a flood the first ones are lines,
 * and the others a count. Those with a wrong credential are the throttle's business.
 */
export function createLogSampler(log: Logger): LogSampler {
  const sampler = createSampler(logSampling);
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const { reason, gate, actor, count, details } of sampler.endWindow()) {
      log.info(
        {
          event: 'decision',
          gate,
          verdict: 'deny',
          reason,
          omitted: count,
          client: actor.client,
          ...details,
        },
        `denied: ${reason}, more of the same`,
      );
    }
  }

  return {
    shouldLog({ verdict, gate, at, clientAddress }) {
      const isUnauthenticated =
        verdict.verdict === 'deny' &&
        verdict.identity === undefined &&
        verdict.throttle === undefined;
      if (!isUnauthenticated) return true;
      timer ??= setTimeout(flush, logSampling.windowMs).unref();
      const actor = { ...postern, client: clientAddress };
      const { reason } = verdict;
      return sampler.sample({ at, event: 'denial', actor, gate, reason }) !== undefined;
    },
    flush,
  };
}
