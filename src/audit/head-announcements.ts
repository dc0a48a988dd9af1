import type { Events } from '../core/model/events.ts';
import type { AuditStore } from '../store/port.ts';

/** Tells the log where the audit log ends, so that logs kept elsewhere can prove what it was. */
export interface AuditCheckpoints {
  /** Says it once more and no further. Never rejects. */
  stop(): Promise<void>;
}

/** Milliseconds between two times. */
const dayMs = 86_400_000;

/** Says it now and once a day. With `isOn` false another process does. */
export async function startAuditCheckpoints(dependencies: {
  readonly store: Pick<AuditStore, 'head'>;
  readonly events: Events;
  readonly isOn: boolean;
}): Promise<AuditCheckpoints> {
  const { store, events, isOn } = dependencies;
  async function announce(): Promise<void> {
    if (!isOn) return;
    try {
      const head = await store.head();
      if (head !== undefined) events.auditHead(head);
    } catch (error) {
      events.failed('the end of the audit log could not be read', error);
    }
  }
  await announce();
  const timer = isOn ? setInterval(announce, dayMs).unref() : undefined;
  return {
    stop() {
      clearInterval(timer);
      return announce();
    },
  };
}
