import { describeAnswer } from '../describe.ts';
import { type Finding, finding } from '../finding.ts';
import { type Check, isOpen, type Probe } from '../probe.ts';
import { explainRefusal } from '../refused-handshake.ts';

/** The handshake of a client without any credential: 401 is right, and nothing else. */
export const upgrade: Check = {
  about: 'handshake without a credential',
  async run(probe) {
    const attempt = await probe.upgrade('no credential', {});
    const { outcome, bad } = attempt;
    if (outcome.kind === 'failed') return [finding(outcome.code, probe.sanitize(outcome.detail))];
    const { answer } = outcome;
    if (bad !== undefined)
      return [finding('upgrade-bad-accept', probe.sanitize(`HTTP 101, but ${bad}`))];
    if (answer.status === 101) {
      probe.admitted = attempt.request;
      return [openFinding(probe)];
    }
    const evidence = probe.sanitize(describeAnswer(answer));
    if (answer.status === 401) return deniedFindings(probe, evidence);
    if ((answer.status === 400 || answer.status === 403) && (await opensWithOrigin(probe))) {
      const opened = `without Origin ${evidence}; with Origin ${probe.origin} HTTP 101`;
      return [finding('upgrade-wants-origin', opened)];
    }
    return [explainRefusal(probe, answer)];
  },
};

function openFinding({ token, cookie, ticket, fromServer }: Probe): Finding {
  const isExpected = [token, cookie, ticket].some((one) => one !== undefined);
  const evidence = 'HTTP 101 without cookie, token and Origin';
  if (fromServer) return finding('self-check-passes', evidence);
  return finding(isExpected ? 'upgrade-open-without-token' : 'upgrade-open-to-everyone', evidence);
}

function deniedFindings({ fromServer }: Probe, evidence: string): Finding[] {
  const denied = finding('upgrade-denied', evidence);
  return fromServer ? [denied, finding('self-check-refused', evidence)] : [denied];
}

/** Tries the page's own Origin: some applications want one, and so do some rules. */
async function opensWithOrigin(probe: Probe): Promise<boolean> {
  const attempt = await probe.upgrade('an Origin', { headers: { Origin: probe.origin } });
  if (isOpen(attempt)) probe.admitted = attempt.request;
  return isOpen(attempt);
}
