import { type Finding, finding } from '../finding.ts';
import { type Attempt, type Check, isOpen, isOpenToAll, renderStatus } from '../probe.ts';
import { tokenTransports } from '../token-transports.ts';

/** The token in every way: query, subprotocol, Bearer, Basic, cookie. */
export const token: Check = {
  about: 'handshakes with the token',
  async run(probe) {
    const { token } = probe;
    if (token === undefined || isOpenToAll(probe)) return [];
    const attempts: Attempt[] = [];
    for (const transport of tokenTransports) {
      attempts.push(await probe.upgrade(transport.name, transport.request(token, probe)));
    }
    probe.admitted ??= attempts.find(isOpen)?.request;
    return [...summarize(attempts), ...findEchoes(attempts, token)];
  },
};

function summarize(attempts: readonly Attempt[]): Finding[] {
  const list = (some: readonly Attempt[]) =>
    some.map((attempt) => `${attempt.about} ${renderStatus(attempt)}`).join(', ');
  const accepted = attempts.filter(isOpen);
  if (accepted.length === 0) return [finding('token-refused', list(attempts))];
  const refused = attempts.filter((attempt) => !isOpen(attempt));
  return [
    finding('token-accepted', list(accepted)),
    ...(refused.length === 0 ? [] : [finding('token-refused-in-some-ways', list(refused))]),
  ];
}

/** Where a header of an answer holds the token. Names of headers only. */
function findEchoes(attempts: readonly Attempt[], token: string): Finding[] {
  const forms = [token, encodeURIComponent(token), Buffer.from(token).toString('base64url')];
  const places = attempts.flatMap(({ about, outcome }) =>
    outcome.kind === 'failed'
      ? []
      : outcome.answer.headers
          .filter(([, value]) => forms.some((form) => value.includes(form)))
          .map(([name]) => `${name} of the answer to the handshake with ${about}`),
  );
  return places.length === 0 ? [] : [finding('token-echoed', `in ${places.join('; in ')}`)];
}
