import type { TraceEntry } from '../core/decision/context.ts';
import { stepNames } from '../core/decision/decide.ts';
import { authorizationHeader, type Gate } from '../core/gate/gate.ts';
import type { Handshake } from '../core/gate/handshake.ts';
import { setCookieHeaders } from '../core/gate/set-cookie-headers.ts';
import { denialStatus } from '../core/model/denial-response.ts';
import { denials } from '../core/model/denials.ts';
import type { DecisionRecord } from '../core/model/events.ts';
import { isDenial, type Verdict } from '../core/model/verdict.ts';
import { mask, maskText } from '../lib/mask.ts';
import type { Subrequest } from './answer.ts';
import { type AnswerHeader, renderAllowHeaders, renderDenyHeaders } from './answer-headers.ts';
import type { DecideHandshake } from './decide-handshake.ts';

/** Why a request is, or was, answered as it is. Holds no secret. */
export interface Explanation {
  /** Facts by name, as they were read. */
  readonly facts: Readonly<Record<string, string | boolean | null>>;
  readonly gate: { readonly name: string; readonly because: string } | null;
  readonly steps: readonly TraceEntry[];
  readonly verdict: 'allow' | 'deny';
  readonly reason: string | null;
  readonly detail: string | null;
  /** What the reason means and what to do. */
  readonly meaning: string | null;
  readonly source: string | null;
  readonly identity: {
    readonly kind: string;
    readonly subject: string;
    readonly token_id: string | null;
  } | null;
  readonly status: number;
  readonly headers: readonly AnswerHeader[];
}

/** Decides as for nginx, without using anything up, and says how. Never rejects. */
export type Explain = (subrequest: Subrequest) => Promise<Explanation>;

/** Builds the service. `clock` tells Unix time in milliseconds. */
export function createExplain(dependencies: {
  readonly decideHandshake: DecideHandshake;
  readonly clock: () => number;
}): Explain {
  const { decideHandshake, clock } = dependencies;
  return async ({ handshake, upgrading }) => {
    const steps: TraceEntry[] = [];
    const facts = isDenial(handshake) ? undefined : handshake;
    const { at, verdict } = isDenial(handshake)
      ? { at: undefined, verdict: handshake }
      : await decideHandshake(handshake, { dry: true, trace: (entry) => steps.push(entry) });
    const gate = at?.gate;
    return {
      facts: facts === undefined ? {} : listFacts(facts),
      gate: at === undefined ? null : { name: at.gate.name, because: at.matchedBy },
      steps,
      ...describeVerdict(verdict, upgrading),
      headers: renderHeaders(verdict, gate, facts, clock()),
    };
  };
}

/** What is known of a decision that was made: its steps follow from where it ended. */
export function explainRecord(record: DecisionRecord): Explanation {
  const { verdict, gate, matchedBy } = record;
  const denied = verdict.verdict === 'deny' ? verdict.step : undefined;
  const last = denied === undefined ? stepNames.length : stepNames.indexOf(denied);
  const wasDecided = verdict.verdict === 'allow' || denied !== undefined;
  return {
    facts: {
      method: record.method ?? null,
      host: record.host ?? null,
      path: record.path ?? null,
      upgrade: record.upgrade,
      origin: record.origin ?? null,
      client: record.clientAddress ?? null,
      at: new Date(record.at).toISOString(),
    },
    gate: gate === undefined ? null : { name: gate, because: matchedBy ?? '' },
    steps: wasDecided
      ? stepNames.slice(0, last + 1).map((step, index) => ({
          step,
          outcome: index === last ? 'denied' : 'passed',
          notes: [],
        }))
      : [],
    ...describeVerdict(verdict, record.upgrade),
    headers: [['X-Postern-Request-Id', record.requestId]],
  };
}

function listFacts(handshake: Handshake): Explanation['facts'] {
  const {
    gateName,
    method,
    scheme,
    host,
    port,
    path,
    locationPath,
    upgrade,
    origin,
    clientAddress,
  } = handshake;
  return {
    gate: gateName ?? null,
    method,
    scheme: scheme ?? null,
    host: `${host}${port}`,
    path: path === undefined ? null : maskText(path),
    ...(locationPath !== undefined &&
      locationPath !== path && { location_path: maskText(locationPath) }),
    query: handshake.query === undefined ? null : mask,
    upgrade,
    ...(handshake.isEarlyData && { early_data: true }),
    origin: origin === undefined ? null : maskText(origin),
    client: clientAddress ?? null,
    cookie: handshake.cookie === undefined ? null : mask,
    authorization: handshake.authorization === undefined ? null : mask,
    api_key: handshake.apiKey === undefined ? null : mask,
    subprotocols: handshake.subprotocols === undefined ? null : mask,
  };
}

function describeVerdict(verdict: Verdict, upgrading: boolean) {
  const { identity, source } = verdict;
  const isDenied = verdict.verdict === 'deny';
  return {
    verdict: verdict.verdict,
    reason: isDenied ? verdict.reason : null,
    detail: (isDenied ? verdict.detail : undefined) ?? null,
    meaning: isDenied ? denials[verdict.reason].meaning : null,
    source: source ?? null,
    identity:
      identity === undefined
        ? null
        : {
            kind: identity.kind,
            subject: identity.subject,
            token_id: identity.tokenId === '' ? null : identity.tokenId,
          },
    status: isDenied ? denialStatus(verdict.reason, upgrading) : 200,
  };
}

/** The headers as nginx would get them. Secrets for the backend, and cookies for the client, are masked. */
function renderHeaders(
  verdict: Verdict,
  gate: Gate | undefined,
  handshake: Handshake | undefined,
  now: number,
): readonly AnswerHeader[] {
  if (verdict.verdict === 'deny') {
    return renderDenyHeaders({ gate, handshake, denial: verdict, requestId: '' }).filter(
      ([name]) => name !== 'X-Postern-Request-Id',
    );
  }
  if (gate === undefined || handshake === undefined) return [];
  const constants = gate.headers.flatMap(({ name, field }) =>
    typeof field === 'object' && 'value' in field ? [name] : [],
  );
  const secrets = new Set([...constants, authorizationHeader, ...setCookieHeaders]);
  return renderAllowHeaders({ gate, handshake, verdict, assertion: undefined, now }).map(
    ([name, value]) => [name, secrets.has(name) && value !== '' ? mask : value] as const,
  );
}
