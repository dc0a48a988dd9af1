import { headerOf } from '../answer.ts';
import { type Finding, finding } from '../finding.ts';
import { type Attempt, type Check, isOpen } from '../probe.ts';

/** Whether an offered subprotocol comes back, as browsers want it. */
export const subprotocol: Check = {
  about: 'subprotocols',
  async run(probe) {
    const { protocols, admitted, attempts, sanitize } = probe;
    const findings: Finding[] = [];
    const withToken = attempts.find(({ about }) => about === 'subprotocol');
    if (withToken !== undefined) {
      findings.push(...checkChosen(withToken, ['postern', ...protocols], sanitize));
    }
    // Every handshake offers those of the settings; the one that opened the socket tells.
    const opened = attempts.find(({ request }) => request === admitted);
    if (protocols.length > 0 && opened !== undefined && opened !== withToken) {
      findings.push(...checkChosen(opened, protocols, sanitize));
    }
    return findings;
  },
};

/** `allowed` are those of the offer that may come back: all but one with a token. */
function checkChosen(
  attempt: Attempt,
  allowed: readonly string[],
  sanitize: (text: string) => string,
): Finding[] {
  if (attempt.outcome.kind === 'failed' || !isOpen(attempt)) return [];
  const chosen = headerOf(attempt.outcome.answer, 'sec-websocket-protocol');
  const offer = `offered ${allowed.join(', ')}${attempt.about === 'subprotocol' ? ' and the token' : ''}`;
  if (chosen === undefined) return [finding('subprotocol-missing', `${offer}, got none`)];
  if (allowed.includes(chosen)) {
    return [finding('subprotocol-confirmed', `${offer}, got ${chosen}`)];
  }
  // One with the token is told by the check of echoes.
  const isToken = attempt.request.headers?.['Sec-WebSocket-Protocol']?.split(', ').includes(chosen);
  return isToken ? [] : [finding('subprotocol-not-offered', sanitize(`${offer}, got ${chosen}`))];
}
