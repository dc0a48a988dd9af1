import { type Actor, type AuditEntry, systemActor } from '../core/model/audit.ts';
import { OperatorError } from '../lib/operator-error.ts';
import type { AuditStore } from '../store/port.ts';
import type { Reload, Reloaded } from './reload.ts';

/**
 * Reads the configuration again, and writes to the audit log who wanted it and what came of it.
 * `applied` is called as soon as it is in force.
 */
export type AuditedReload = (actor: Actor, applied?: () => void) => Promise<Reloaded>;

/**
 * Builds it. It rejects with StoreUnavailable when the entry could not be written: the configuration is
 * in force then, and nobody is told that all went well.
 */
export function createAuditedReload(dependencies: {
  readonly reload: Reload;
  readonly store: Pick<AuditStore, 'append'>;
  readonly clock: () => number;
}): AuditedReload {
  const { reload, store, clock } = dependencies;
  /** The last reload that nobody asked for: many signals are one reload, and one entry. */
  let unasked: Promise<Reloaded> | undefined;
  return async (actor, applied) => {
    const write = (entry: Pick<AuditEntry, 'reason' | 'details'>) =>
      store.append([{ at: clock(), event: 'reload', actor, ...entry }]);
    const reloading = reload();
    if (actor === systemActor) {
      if (reloading === unasked) return reloading;
      unasked = reloading;
    }
    try {
      const reloaded = await reloading;
      applied?.();
      const { needRestart } = reloaded;
      await write({ details: { need_restart: needRestart.length > 0 ? needRestart : undefined } });
      return reloaded;
    } catch (error) {
      // What is wrong with it is in the log.
      if (error instanceof OperatorError) await write({ reason: 'config_invalid' });
      throw error;
    }
  };
}
