import type { Logger } from 'pino';
import { systemActor } from '../../core/model/audit.ts';
import type { DecisionRecord } from '../../core/model/events.ts';
import { createSampler, type Sampling } from '../sampler.ts';

/** Which decisions are lines of the log. */
export interface LogSample {
  isTold(record: DecisionRecord): boolean;
  /** Writes down how many were left out so far. */
  finish(): void;
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
export function createLogSample(log: Logger): LogSample {
  const sampler = createSampler(logSampling);
  let timer: NodeJS.Timeout | undefined;

  function finish(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const { reason, gate, actor, count, details } of sampler.end()) {
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
    isTold({ verdict, gate, at, clientAddress }) {
      const isStrangers =
        verdict.verdict === 'deny' &&
        verdict.identity === undefined &&
        verdict.throttle === undefined;
      if (!isStrangers) return true;
      timer ??= setTimeout(finish, logSampling.windowMs).unref();
      const actor = { ...systemActor, client: clientAddress };
      const { reason } = verdict;
      return sampler.sample({ at, event: 'denial', actor, gate, reason }) !== undefined;
    },
    finish,
  };
}
