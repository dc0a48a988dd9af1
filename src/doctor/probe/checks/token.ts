import { explainBehindGate } from '../behind-gate.ts';
import { compareWithDenial } from '../credential-outcome.ts';
import { type Finding, finding } from '../finding.ts';
import { type Attempt, type Check, isOpenToAll, type Probe, renderStatus } from '../probe.ts';
import { tokenTransports } from '../token-transports.ts';

/** Length from which on the size of a token is worth a word: browsers keep no longer cookie. */
const longToken = 4_000;

/** The token in every transport: query, subprotocol, Bearer, Basic, cookie. */
export const token: Check = {
  about: 'handshakes with the token',
  async run(probe) {
    const { token } = probe;
    if (token === undefined || isOpenToAll(probe)) return [];
    const attempts: Attempt[] = [];
    for (const transport of tokenTransports) {
      attempts.push(await probe.upgrade(transport.name, transport.request(token, probe)));
    }
    const size =
      token.length < longToken ? [] : [finding('token-long', `it has ${token.length} characters`)];
    return [...size, ...(await summarize(probe, attempts)), ...findEchoes(attempts, token)];
  },
};

async function summarize(probe: Probe, attempts: readonly Attempt[]): Promise<Finding[]> {
  const list = (some: readonly Attempt[]) =>
    some.map((attempt) => `${attempt.about} ${renderStatus(attempt)}`).join(', ');
  const outcomes = attempts.map((attempt) => compareWithDenial(probe, attempt));
  const those = (...wanted: string[]) =>
    attempts.filter((_, index) => wanted.includes(outcomes[index] ?? ''));
  const [open, denied, admitted] = [those('open'), those('denied'), those('admitted')];
  const undecided = await explainBehindGate(probe, those('undecided'));
  if (open.length > 0) {
    probe.admitted ??= open[0]?.request;
    const others = attempts.filter((attempt) => !open.includes(attempt));
    const some = others.length === 0 ? [] : [finding('token-refused-in-some-ways', list(others))];
    return [finding('token-accepted', list(open)), ...some, ...undecided];
  }
  if (admitted.length > 0) {
    const behind = await explainBehindGate(probe, admitted);
    const some = denied.length === 0 ? [] : [finding('token-refused-in-some-ways', list(denied))];
    return [
      finding('gate-admits', `no credential ${renderStatus(baseOf(probe))}; ${list(admitted)}`),
      ...behind,
      ...some,
      ...undecided,
    ];
  }
  if (denied.length > 0) return [finding('token-refused', list(attempts)), ...undecided];
  return undecided.length > 0 ? undecided : [finding('credential-not-tested', list(attempts))];
}

function baseOf({ attempts }: Probe): Attempt {
  return attempts.find(({ about }) => about === 'no credential') as Attempt;
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
