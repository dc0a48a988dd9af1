import { type AuditDetails, type AuditEntry, systemActor } from '../core/model/audit.ts';
import { denials } from '../core/model/denials.ts';
import type { DecisionRecord, Events, SignInDenial } from '../core/model/events.ts';
import type { Verdict } from '../core/model/verdict.ts';
import type { AuditStore } from '../store/port.ts';
import { auditSampling, createSampler } from '../telemetry/sampler.ts';

/** Writes denials to the audit log: behind, and few of many. Nobody waits for it. */
export interface DenialAudit {
  /** What it has to hear of. */
  readonly events: Pick<Events, 'decided' | 'signInDenied' | 'adminDenied' | 'throttled'>;
  /** Ends the window and writes what there is to write, as far as it can be written. Never rejects. */
  finish(): Promise<void>;
}

/** Milliseconds for which entries are gathered to be written together. */
const gatherMs = 1_000;

/** Milliseconds after which writing is tried again. */
const retryMs = 5_000;

/** Entries that wait at most, while they cannot be written. The oldest are the ones that are kept. */
const mostWaiting = 1_000;

/**
 * Builds it. `isOn` says whether denials of handshakes and of signing in are written; those of the admin
 * API always are.
 * What cannot be written goes to `report`, once until it can again.
 */
export function createDenialAudit(dependencies: {
  readonly store: Pick<AuditStore, 'append'>;
  readonly isOn: () => boolean;
  readonly report: (error: unknown) => void;
  readonly clock: () => number;
}): DenialAudit {
  const { store, isOn, report, clock } = dependencies;
  const sampler = createSampler(auditSampling);
  let waiting: AuditEntry[] = [];
  let windowTimer: NodeJS.Timeout | undefined;
  let writeTimer: NodeJS.Timeout | undefined;
  let hasFailed = false;

  function note(entry: AuditEntry): void {
    windowTimer ??= setTimeout(endWindow, auditSampling.windowMs).unref();
    const whole = sampler.sample(entry);
    if (whole !== undefined) add([whole]);
  }

  function endWindow(): void {
    clearTimeout(windowTimer);
    windowTimer = undefined;
    add(sampler.endWindow());
  }

  function add(entries: readonly AuditEntry[]): void {
    waiting.push(...entries.slice(0, mostWaiting - waiting.length));
    if (waiting.length > 0) writeTimer ??= setTimeout(write, gatherMs).unref();
  }

  async function write(): Promise<void> {
    clearTimeout(writeTimer);
    writeTimer = undefined;
    const entries = waiting;
    waiting = [];
    if (entries.length === 0) return;
    try {
      await store.append(entries);
      hasFailed = false;
    } catch (error) {
      waiting = [...entries, ...waiting].slice(0, mostWaiting);
      writeTimer ??= setTimeout(write, retryMs).unref();
      if (!hasFailed) report(error);
      hasFailed = true;
    }
  }

  return {
    events: {
      decided(record) {
        if (isOn() && isNews(record)) note(denialEntry(record));
      },
      signInDenied(denied) {
        if (isOn()) note(signInEntry(denied));
      },
      adminDenied({ reason, key, client }) {
        const actor = key === undefined ? { ...systemActor, client } : { name: key, client };
        note({ at: clock(), event: 'admin_denial', actor, reason });
      },
      throttled({ gate, network, until, failures }) {
        const actor = { ...systemActor, client: network };
        const details = { action: 'began', failures, until: new Date(until).toISOString() };
        note({ at: clock(), event: 'throttle', actor, gate, details });
      },
    },
    async finish() {
      endWindow();
      await write();
      clearTimeout(writeTimer);
    },
  };
}

function isNews({ verdict, upgrade }: DecisionRecord): boolean {
  return verdict.verdict === 'deny' && (upgrade || denials[verdict.reason].audit === 'always');
}

/** No more than the log says of it, and nothing of the path. */
function denialEntry(record: DecisionRecord): AuditEntry {
  const { at, requestId, gate, verdict, upgrade, clientAddress } = record;
  const actor = { ...systemActor, client: clientAddress, requestId };
  return { ...entryOf(verdict), at, actor, gate, details: { ...detailsOf(verdict), upgrade } };
}

function signInEntry({ at, gate, denial, client }: SignInDenial): AuditEntry {
  const actor = { ...systemActor, client };
  return { ...entryOf(denial), at, actor, gate, details: { ...detailsOf(denial), sign_in: true } };
}

function entryOf(verdict: Verdict) {
  const { identity } = verdict;
  return {
    event: 'denial',
    tokenId: identity?.tokenId || undefined,
    kind: identity?.kind,
    subject: identity?.subject || undefined,
    reason: verdict.verdict === 'deny' ? verdict.reason : undefined,
  } as const;
}

function detailsOf(verdict: Verdict): AuditDetails {
  const detail = verdict.verdict === 'deny' ? verdict.detail : undefined;
  return { detail, issuer: verdict.identity?.jwt?.issuer, source: verdict.source };
}
