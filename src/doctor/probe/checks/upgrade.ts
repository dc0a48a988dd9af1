import { classifyRedirect } from '../classify-redirect.ts';
import { classifyRefusal } from '../classify-refusal.ts';
import { describeAnswer } from '../describe.ts';
import { type Finding, finding } from '../finding.ts';
import { type Check, isOpen, type Probe } from '../probe.ts';
import { renderFix } from '../remedy.ts';
import { recogniseSignOn } from '../sign-on.ts';

/** The handshake of a client without any credential: 401 is right, and nothing else. */
export const upgrade: Check = {
  about: 'handshake without a credential',
  async run(probe) {
    const { outcome, bad } = await probe.upgrade('no credential', {});
    if (outcome.kind === 'failed') return [finding(outcome.code, probe.sanitize(outcome.detail))];
    const { answer } = outcome;
    if (bad !== undefined)
      return [finding('upgrade-bad-accept', probe.sanitize(`HTTP 101, but ${bad}`))];
    if (answer.status === 101) return [admittedFinding(probe)];
    const evidence = probe.sanitize(describeAnswer(answer));
    if (answer.status === 401) return deniedFindings(probe, evidence);
    if (answer.status >= 300 && answer.status < 400) {
      return [classifyRedirect(answer, probe.target, evidence)];
    }
    if (answer.status === 403 && (await opensWithOrigin(probe))) {
      const opened = `without Origin ${evidence}; with Origin ${probe.origin} HTTP 101`;
      return [finding('upgrade-wants-origin', opened)];
    }
    const { code, missing } = classifyRefusal(answer);
    if (missing !== undefined) return [finding(code, `${missing} is missing: ${evidence}`)];
    // A login page in the place of an answer: with status 403 (oauth2-proxy), or 200.
    const signOn = recogniseSignOn(answer);
    if (signOn?.fixLocation === undefined || answer.status >= 500) return [finding(code, evidence)];
    const seen = `${evidence}, looks like ${signOn.title}`;
    return [finding(code, seen, { change: renderFix(signOn.fixLocation) })];
  },
};

function admittedFinding(probe: Probe): Finding {
  probe.admitted = {};
  const { token, cookie, ticket, fromServer } = probe;
  const isExpected = [token, cookie, ticket].some((one) => one !== undefined);
  const evidence = 'HTTP 101 without cookie, token and Origin';
  if (fromServer) return finding('self-check-passes', evidence);
  return finding(isExpected ? 'upgrade-open-without-token' : 'upgrade-open-to-everyone', evidence);
}

function deniedFindings({ fromServer }: Probe, evidence: string): Finding[] {
  const denied = finding('upgrade-denied', evidence);
  return fromServer ? [denied, finding('self-check-refused', evidence)] : [denied];
}

async function opensWithOrigin(probe: Probe): Promise<boolean> {
  const request = { headers: { Origin: probe.origin } };
  const opened = isOpen(await probe.upgrade('an Origin', request));
  if (opened) probe.admitted = request;
  return opened;
}
