import type { Answer } from './answer.ts';
import { headerOf } from './answer.ts';
import type { FindingCode } from './catalog.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { type Attempt, isOpen, type Probe } from './probe.ts';
import { findSpeaker } from './speaker.ts';

/**
 * What a handshake with a credential came to. Gates deny handshakes with 401 (and 429 or 503): after
 * a denial without a credential, any other answer with one means that the gate has said yes.
 */
export type CredentialOutcome =
  /** The socket opened. */
  | 'open'
  /** The gate does not admit the credential. */
  | 'denied'
  /** The gate admits it, and what is behind the gate does not open the socket. */
  | 'admitted'
  /** Neither yes nor no: a buffer that is too small, a limit, a gate that cannot tell now. */
  | 'undecided'
  /** The handshake fails in the same way without a credential. */
  | 'untested';

/** What nginx says before it asks the gate. */
const beforeGate: readonly FindingCode[] = [
  'request-headers-too-large',
  'plain-to-tls-port',
  'client-certificate-wanted',
];

/** Compares a handshake with a credential with the one without. */
export function compareWithDenial({ attempts }: Probe, attempt: Attempt): CredentialOutcome {
  if (isOpen(attempt)) return 'open';
  const base = attempts.find(({ about }) => about === 'no credential')?.outcome;
  const denial = base?.kind === 'answer' ? base.answer : undefined;
  if (attempt.outcome.kind === 'failed') {
    return denial !== undefined && isDenial(denial) ? 'admitted' : 'untested';
  }
  const { answer } = attempt.outcome;
  if (beforeGate.includes(classifyRefusal(answer).code)) return 'undecided';
  if (denial === undefined) return answer.status === 401 ? 'denied' : 'untested';
  if (answer.status === 429 || answer.status === 503) {
    return answer.status === denial.status ? 'untested' : 'undecided';
  }
  if (answer.status === 401) return speaksOtherwise(answer, denial) ? 'admitted' : 'denied';
  const isSame = answer.status === denial.status && leadsTo(answer) === leadsTo(denial);
  if (isDenial(denial)) return isSame ? 'denied' : 'admitted';
  return isSame ? 'untested' : 'admitted';
}

function isDenial({ status }: Answer): boolean {
  return status === 401 || status === 403 || (status >= 300 && status < 400);
}

/** True for a 401 in the application's own words, where the gate's has none or a page of nginx. */
function speaksOtherwise(answer: Answer, denial: Answer): boolean {
  return (
    denial.status === 401 &&
    findSpeaker(answer) === 'application' &&
    findSpeaker(denial) !== 'application'
  );
}

/** Where a redirect goes, without what differs from one request to the next. */
function leadsTo(answer: Answer): string | undefined {
  return headerOf(answer, 'location')?.split('?')[0];
}
