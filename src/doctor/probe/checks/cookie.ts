import { headerOf } from '../answer.ts';
import { explainBehindGate } from '../behind-gate.ts';
import { compareWithDenial } from '../credential-outcome.ts';
import { finding } from '../finding.ts';
import { type Check, isOpen, isOpenToAll, type Probe, renderStatus } from '../probe.ts';

/** A cookie from the page's own host, and from pages of others (cross-site WebSocket hijacking). */
export const cookie: Check = {
  about: 'cookie, from this host and from others',
  async run(probe) {
    if (isOpenToAll(probe)) return [];
    if (probe.cookie === undefined) {
      // A token that opens the socket as a cookie will do.
      const withToken = probe.attempts.find(({ about }) => about === 'cookie');
      const cookie = withToken?.request.headers?.Cookie;
      return withToken !== undefined && isOpen(withToken) && cookie !== undefined
        ? [await tryForeignOrigins(probe, cookie)]
        : [];
    }
    const request = { headers: { Origin: probe.origin, Cookie: probe.cookie } };
    const own = await probe.upgrade('the cookie', request);
    const evidence = `with Origin ${probe.origin} ${renderStatus(own)}`;
    const outcome = compareWithDenial(probe, own);
    if (outcome === 'untested') return [finding('credential-not-tested', evidence)];
    if (outcome === 'undecided') return explainBehindGate(probe, [own]);
    if (outcome === 'admitted') {
      return [
        finding('gate-admits', `without it denied, ${evidence}`),
        ...(await explainBehindGate(probe, [own])),
      ];
    }
    if (outcome === 'denied') {
      const location = own.outcome.kind === 'answer' && headerOf(own.outcome.answer, 'location');
      const isSentOn = typeof location === 'string' ? ', redirected to a login' : '';
      return [finding('cookie-refused', evidence + isSentOn)];
    }
    probe.admitted ??= own.request;
    return [finding('cookie-accepted', evidence), await tryForeignOrigins(probe, probe.cookie)];
  },
};

async function tryForeignOrigins(probe: Probe, cookie: string) {
  const accepted: string[] = [];
  const others = foreignOrigins(probe.origin);
  for (const Origin of others) {
    const attempt = await probe.upgrade(`Origin ${Origin}`, {
      headers: { Origin, Cookie: cookie },
    });
    if (isOpen(attempt)) accepted.push(Origin);
  }
  return accepted.length === 0
    ? finding('cross-site-refused', `refused: ${others.join(', ')}`)
    : finding('cross-site-accepted', `HTTP 101 with Origin ${accepted.join(', and with ')}`);
}

/**
 * Origins that are none of ours: a stranger, a sandboxed frame, and two that a careless comparison
 * takes for the host, since they begin or end like it.
 */
function foreignOrigins(own: string): string[] {
  const [scheme = 'https', host = ''] = own.split('://');
  return [
    'https://postern-doctor.invalid',
    'null',
    `${scheme}://${host.replace(/:\d+$/, '')}.postern-doctor.invalid`,
    `${scheme}://postern-doctor-${host}`,
  ];
}
