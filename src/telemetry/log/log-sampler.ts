import type { Logger } from 'pino';
import { systemActor } from '../../core/model/audit.ts';
import type { DecisionRecord } from '../../core/model/events.ts';
import { createSampler, type Sampling } from '../sampler.ts';

/** Decides which decisions are logged. */
export interface LogSampler {
  shouldLog(record: DecisionRecord): boolean;
  /** Logs how many were suppressed so far. */
  flush(): void;
}

/** Larger limits than the audit log's: people search the log for what happened a moment ago. */
export const logSampling: Sampling = {
  windowMs: 60_000,
  fullEntriesPerKey: 200,
  fullEntries: 1_000,
  maxKeys: 100,
};

/**
 * Samples denials without any credential, which cost an attacker nothing: the first ones of a flood
 * are logged, the rest are counted. Denials with a wrong credential are left to the throttle.
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
      const actor = { ...systemActor, client: clientAddress };
      const { reason } = verdict;
      return sampler.sample({ at, event: 'denial', actor, gate, reason }) !== undefined;
    },
    flush,
  };
}
