import { findBadAccept } from './accept.ts';
import type { Answer } from './answer.ts';
import { checks } from './checks.ts';
import { lookupAddresses } from './dial.ts';
import { exchange, open } from './exchange.ts';
import { type Finding, isTerminal, worst } from './finding.ts';
import type { Severity } from './finding-rule.ts';
import { createMask, type Mask, toDisplayLine } from './mask.ts';
import { ownWords } from './own-words.ts';
import type { Attempt, Probe } from './probe.ts';
import { handshakeHeaders, newKey, type ProbeRequest } from './request.ts';
import { secretsOf } from './secrets.ts';
import type { ProbeSettings } from './settings.ts';
import { renderTarget } from './target.ts';

/** What a run of the probe found. */
export interface Report {
  /** The address, without values of its query. */
  readonly target: string;
  readonly worst: Severity;
  readonly findings: readonly Finding[];
  /** Requests that were sent. */
  readonly requests: number;
}

/**
 * Runs every check in order, connecting to the target and nobody else. Does not reject because of
 * what a server does. No text of the report holds a secret of the settings.
 */
export async function runProbe(settings: ProbeSettings): Promise<Report> {
  const { target, timeout, ca, lookup = lookupAddresses, onProgress = () => {} } = settings;
  const mask = createMask(secretsOf(settings), ownWords());
  const findings: Finding[] = [];
  const attempts: Attempt[] = [];
  const dialOptions = { timeout, ...(ca !== undefined && { ca }) };
  let requests = 0;
  const probe: Probe = {
    ...settings,
    lookup,
    dialOptions,
    address: '',
    admitted: undefined,
    page: undefined,
    attempts,
    sanitize: (text) => toDisplayLine(mask(text)),
    open() {
      requests++;
      return open(target, probe.address, dialOptions);
    },
    send(request) {
      requests++;
      return exchange(target, probe.address, request, dialOptions);
    },
    async upgrade(about, bare) {
      const request = offer(bare, settings.protocols);
      const key = newKey();
      const headers = { ...handshakeHeaders(key), ...request.headers };
      const outcome = await probe.send({ ...request, headers });
      const bad = outcome.kind === 'answer' ? badAccept(outcome.answer, key) : undefined;
      const attempt = { about, request, outcome, ...(bad !== undefined && { bad }) };
      attempts.push(attempt);
      return attempt;
    },
  };
  for (const { about, run } of checks) {
    onProgress(about);
    findings.push(...(await run(probe)));
    if (findings.some(isTerminal)) break;
  }
  return {
    target: mask(renderTarget(target)),
    worst: worst(findings),
    findings: findings.map((one) => maskFinding(one, mask)),
    requests,
  };
}

/** Offers subprotocols with a request, behind those that it has: some applications want one at once. */
function offer({ headers, ...rest }: ProbeRequest, protocols: readonly string[]): ProbeRequest {
  if (protocols.length === 0) return { ...rest, ...(headers !== undefined && { headers }) };
  const own = headers?.['Sec-WebSocket-Protocol'];
  const all = [...(own === undefined ? [] : [own]), ...protocols].join(', ');
  return { ...rest, headers: { ...headers, 'Sec-WebSocket-Protocol': all } };
}

function badAccept(answer: Answer, key: string): string | undefined {
  return answer.status === 101 ? findBadAccept(answer, key) : undefined;
}

/** Meaning and change are the catalogue's words; only the evidence holds what a server sent. */
function maskFinding(found: Finding, mask: Mask): Finding {
  return { ...found, evidence: mask(found.evidence) };
}
