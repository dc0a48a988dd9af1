import type { AuditEntry } from '../core/model/audit.ts';
import { throttledEntry } from '../core/model/audit-entries.ts';
import { adminDenialEntry, denialEntry, signInDenialEntry } from '../core/model/denial-entries.ts';
import { denials } from '../core/model/denials.ts';
import type { DecisionRecord, Events } from '../core/model/events.ts';
import type { AuditStore } from '../store/port/audit.ts';
import { auditSampling, createSampler } from '../telemetry/sampler.ts';

/** Records denials in the audit log: sampled, and in the background. */
export interface DenialRecorder {
  /** The events that it records. */
  readonly events: Pick<Events, 'decided' | 'signInDenied' | 'adminDenied' | 'throttled'>;
  /** Ends the sampling window and writes pending entries, as far as possible. Never rejects. */
  finish(): Promise<void>;
}

/** Milliseconds for which entries are collected, to be written together. */
const batchDelayMs = 1_000;

/** Milliseconds after which a failed write is tried again. */
const retryMs = 5_000;

/** Pending entries at most, while they cannot be written. The oldest are kept. */
const maxPending = 1_000;

/**
 * Builds the recorder. `isOn` says whether denials of handshakes and sign-ins are recorded; denials of the
 * admin API always are. A failed write goes to `report`, once until a write succeeds.
 */
export function createDenialRecorder(dependencies: {
  readonly store: Pick<AuditStore, 'append'>;
  readonly isOn: () => boolean;
  readonly report: (error: unknown) => void;
  readonly clock: () => number;
}): DenialRecorder {
  const { store, isOn, report, clock } = dependencies;
  const sampler = createSampler(auditSampling);
  let pending: AuditEntry[] = [];
  let windowTimer: NodeJS.Timeout | undefined;
  let writeTimer: NodeJS.Timeout | undefined;
  let hasFailed = false;

  function record(entry: AuditEntry): void {
    windowTimer ??= setTimeout(endWindow, auditSampling.windowMs).unref();
    const full = sampler.sample(entry);
    if (full !== undefined) enqueue([full]);
  }

  function endWindow(): void {
    clearTimeout(windowTimer);
    windowTimer = undefined;
    enqueue(sampler.endWindow());
  }

  function enqueue(entries: readonly AuditEntry[]): void {
    pending.push(...entries.slice(0, maxPending - pending.length));
    if (pending.length > 0) writeTimer ??= setTimeout(write, batchDelayMs).unref();
  }

  async function write(): Promise<void> {
    clearTimeout(writeTimer);
    writeTimer = undefined;
    const entries = pending;
    pending = [];
    if (entries.length === 0) return;
    try {
      await store.append(entries);
      hasFailed = false;
    } catch (error) {
      pending = [...entries, ...pending].slice(0, maxPending);
      writeTimer ??= setTimeout(write, retryMs).unref();
      if (!hasFailed) report(error);
      hasFailed = true;
    }
  }

  return {
    events: {
      decided(decision) {
        if (isOn() && isRecorded(decision)) record(denialEntry(decision));
      },
      signInDenied(denied) {
        if (isOn()) record(signInDenialEntry(denied));
      },
      adminDenied: (refusal) => record(adminDenialEntry(clock(), refusal)),
      throttled: (network) => record(throttledEntry(clock(), network)),
    },
    async finish() {
      endWindow();
      await write();
      clearTimeout(writeTimer);
    },
  };
}

function isRecorded({ verdict, upgrade }: DecisionRecord): boolean {
  return verdict.verdict === 'deny' && (upgrade || denials[verdict.reason].audit === 'always');
}
