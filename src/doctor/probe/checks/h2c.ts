import { finding } from '../finding.ts';
import type { Check } from '../probe.ts';

/** SETTINGS of HTTP/2 in base64url, as RFC 7540, section 3.2.1 has them. */
const settings = 'AAMAAABkAAQAAP__';

/** An upgrade to h2c, which a proxy must not pass on: with a credential where one is good. */
export const h2c: Check = {
  about: 'upgrade to h2c',
  async run(probe) {
    const { admitted = {} } = probe;
    const { 'Sec-WebSocket-Protocol': _, ...own } = admitted.headers ?? {};
    const outcome = await probe.send({
      ...admitted,
      headers: {
        ...own,
        Connection: 'Upgrade, HTTP2-Settings',
        Upgrade: 'h2c',
        'HTTP2-Settings': settings,
      },
    });
    const by =
      probe.admitted === undefined ? 'without a credential' : 'from a client that may enter';
    if (outcome.kind === 'failed') return [finding('upgrade-h2c-refused', `${by}: no answer`)];
    const evidence = `${by}: HTTP ${outcome.answer.status}`;
    const isTunnel = outcome.answer.status === 101;
    return [finding(isTunnel ? 'upgrade-h2c-tunnelled' : 'upgrade-h2c-refused', evidence)];
  },
};
