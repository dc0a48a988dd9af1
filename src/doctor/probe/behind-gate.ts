import { classifyRefusal } from './classify-refusal.ts';
import { type Finding, finding } from './finding.ts';
import { type Attempt, isOpen, type Probe, renderStatus } from './probe.ts';
import { explainAdmitted } from './refused-handshake.ts';

/**
 * The findings about handshakes with a credential that open no socket and that the gate does not
 * deny, each kind once. Where one opens without its Origin, the application refuses the Origin only.
 */
export async function explainBehindGate(
  probe: Probe,
  attempts: readonly Attempt[],
): Promise<Finding[]> {
  const kinds = new Set<string>();
  const findings: Finding[] = [];
  for (const attempt of attempts) {
    if (kinds.has(kindOf(attempt))) continue;
    kinds.add(kindOf(attempt));
    const found = await explainAdmitted(probe, attempt);
    findings.push((await refusedForOrigin(probe, attempt, found)) ?? found);
  }
  return findings;
}

/** What tells two refusals apart: their status, and what their words mean. */
function kindOf({ outcome }: Attempt): string {
  if (outcome.kind === 'failed') return outcome.code;
  return `${outcome.answer.status} ${classifyRefusal(outcome.answer).code}`;
}

async function refusedForOrigin(
  probe: Probe,
  attempt: Attempt,
  { code }: Finding,
): Promise<Finding | undefined> {
  const { Origin, Cookie, ...headers } = attempt.request.headers ?? {};
  // Gates want an Origin beside a cookie, so without one nothing would be learned.
  if (code !== 'application-refused' || Origin === undefined || Cookie !== undefined)
    return undefined;
  const without = await probe.upgrade(`${attempt.about} without Origin`, {
    ...attempt.request,
    headers,
  });
  if (!isOpen(without)) return undefined;
  probe.admitted ??= without.request;
  const evidence = `with Origin ${Origin} ${renderStatus(attempt)}, without Origin HTTP 101`;
  return finding('application-refused-origin', evidence, { speaker: 'application' });
}
