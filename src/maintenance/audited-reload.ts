import { type Actor, systemActor } from '../core/model/audit.ts';
import { reloadEntry, reloadRefusedEntry } from '../core/model/audit-entries.ts';
import { OperatorError } from '../lib/operator-error.ts';
import type { AuditStore } from '../store/port/audit.ts';
import type { Reload, Reloaded } from './reload.ts';

/**
 * Reloads the configuration, and records the actor and the outcome in the audit log. `applied` is called as
 * soon as the new configuration is in force.
 */
export type AuditedReload = (actor: Actor, applied?: () => void) => Promise<Reloaded>;

/**
 * Builds the reload. It rejects with StoreUnavailable when the entry could not be written, although the
 * configuration is in force then: success is reported only with its entry.
 */
export function createAuditedReload(dependencies: {
  readonly reload: Reload;
  readonly store: Pick<AuditStore, 'append'>;
  readonly clock: () => number;
}): AuditedReload {
  const { reload, store, clock } = dependencies;
  /** The last reload by a signal: many signals share one reload, and one entry. */
  let bySignal: Promise<Reloaded> | undefined;
  return async (actor, applied) => {
    const reloading = reload();
    if (actor === systemActor) {
      if (reloading === bySignal) return reloading;
      bySignal = reloading;
    }
    try {
      const reloaded = await reloading;
      applied?.();
      await store.append([reloadEntry(actor, clock(), reloaded.needRestart)]);
      return reloaded;
    } catch (error) {
      if (error instanceof OperatorError) {
        await store.append([reloadRefusedEntry(actor, clock())]);
      }
      throw error;
    }
  };
}
