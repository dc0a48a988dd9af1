import type { ClusterBus, ClusterHandlers } from '../cluster/bus.ts';
import type { GateRouter } from '../core/gate/gate-router.ts';
import type { Actor } from '../core/model/audit.ts';
import { recheckEntry } from '../core/model/audit-entries.ts';
import type { Events } from '../core/model/events.ts';
import type { AuditStore } from '../store/port/audit.ts';
import type { Bridges } from './bridge-pool.ts';

/** Invalidation of cached answers of the sign-on services, in all processes on a store. */
export interface Recheck {
  /**
   * Drops the cached answers of the service behind this gate, with an audit entry. Rejects with
   * StoreUnavailable where only the entry failed: the answers are dropped all the same.
   */
  recheck(gate: string, actor: Actor): Promise<RecheckResult>;
  /** Handlers for the messages of other processes. */
  readonly questions: Pick<ClusterHandlers['questions'], 'forgetAnswers'>;
}

/** How many answers were dropped, or what there is not. */
export type RecheckResult = { readonly dropped: number } | { readonly missing: 'gate' | 'bridge' };

/** Builds it. */
export function createRecheck(dependencies: {
  /** The services in force. */
  readonly current: () => {
    readonly gates: Pick<GateRouter, 'byName'>;
    readonly bridges: Pick<Bridges, 'forgetAnswers'>;
  };
  readonly audit: Pick<AuditStore, 'append'>;
  readonly events: Pick<Events, 'bridgeRechecked'>;
  readonly bus: Pick<ClusterBus, 'query'>;
  readonly clock: () => number;
}): Recheck {
  const { current, audit, events, bus, clock } = dependencies;

  function forget(name: string): number {
    const { gates, bridges } = current();
    const gate = gates.byName(name);
    return gate === undefined ? 0 : bridges.forgetAnswers(gate, clock());
  }

  return {
    async recheck(name, actor) {
      const gate = current().gates.byName(name);
      if (gate === undefined) return { missing: 'gate' };
      if (gate.bridge === undefined) return { missing: 'bridge' };
      const own = forget(name);
      // A query and no notice: when it is answered, the others have dropped theirs as well.
      const others = await bus.query('forgetAnswers', name);
      const dropped = others.reduce((sum, count) => sum + count, own);
      const { service } = gate.bridge;
      events.bridgeRechecked({ gate: name, service }, dropped);
      await audit.append([recheckEntry(actor, clock(), { gate: name, service }, dropped)]);
      return { dropped };
    },
    questions: { forgetAnswers: forget },
  };
}
