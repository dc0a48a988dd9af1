import type { FindingCode } from '../catalog.ts';
import { describeAnswer, describeSignOn } from '../describe.ts';
import { finding } from '../finding.ts';
import type { Check } from '../probe.ts';

/** What a page load without a credential gets. A redirect to a login is right there. */
export const page: Check = {
  about: 'page load',
  async run(probe) {
    const outcome = await probe.send({ headers: { Accept: 'text/html,*/*;q=0.8' } });
    // Many WebSocket servers leave a page load without an answer; the handshake still tells.
    if (outcome.kind === 'failed') return [finding('page-error', probe.sanitize(outcome.detail))];
    const { answer } = outcome;
    probe.page = answer;
    const code = classify(answer.status, answer.body);
    const signOn = code === 'page-redirected' ? describeSignOn(answer) : undefined;
    const parts = [describeAnswer(answer), ...(signOn === undefined ? [] : [signOn])];
    return code === undefined ? [] : [finding(code, probe.sanitize(parts.join(', ')))];
  },
};

/** Undefined where the handshake will say it better. */
function classify(status: number, body: string): FindingCode | undefined {
  if (status >= 300 && status < 400) return 'page-redirected';
  if (status === 401 || status === 403) return 'page-denied';
  if (status === 404 || status === 410) return 'page-not-found';
  if (status === 426 || (status === 400 && /upgrade|websocket/i.test(body))) {
    return 'page-wants-upgrade';
  }
  if (status >= 200 && status < 300) return 'page-open';
  return status >= 500 ? 'page-error' : undefined;
}
