import type { Events } from '../core/model/events.ts';
import type { AuditStore } from '../store/port/audit.ts';

/** Logs checkpoints of the audit log, its newest entry: logs that are kept elsewhere can prove it later. */
export interface AuditCheckpoints {
  /** Logs the last checkpoint. Never rejects. */
  stop(): Promise<void>;
}

/** Milliseconds between two checkpoints. */
const dayMs = 86_400_000;

/** Logs a checkpoint now and once a day, unless another process does (`isOn` false). */
export async function startAuditCheckpoints(dependencies: {
  readonly store: Pick<AuditStore, 'head'>;
  readonly events: Events;
  readonly isOn: boolean;
}): Promise<AuditCheckpoints> {
  const { store, events, isOn } = dependencies;
  async function logCheckpoint(): Promise<void> {
    if (!isOn) return;
    try {
      const head = await store.head();
      if (head !== undefined) events.auditHead(head);
    } catch (error) {
      events.failed('the end of the audit log could not be read', error);
    }
  }
  await logCheckpoint();
  const timer = isOn ? setInterval(logCheckpoint, dayMs).unref() : undefined;
  return {
    stop() {
      clearInterval(timer);
      return logCheckpoint();
    },
  };
}
