import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { gateNamePattern } from '../core/gate/handshake.ts';
import type { Actor } from '../core/model/audit.ts';
import type { DecisionRecord } from '../core/model/events.ts';
import { actorOf, requireRole } from '../http/admin-auth.ts';
import { ProblemError } from '../http/problem.ts';
import type { Reloaded } from '../maintenance/reload.ts';
import { type Explain, type Explanation, explainRecord } from './explain.ts';
import { toSubrequest } from './explain-request.ts';
import { sourceHeaders } from './forwarded-headers.ts';
import type { GateList } from './gate-list.ts';
import { readSubrequest } from './read-subrequest.ts';

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

const gateSchema = Type.Object(
  { name: Type.String() },
  {
    additionalProperties: true,
    description:
      'Its settings as in `postern.yaml`, including those inherited from `default_gate`.',
  },
);

/** Name and value. A tuple, in a form that OpenAPI 3.1 has. */
const headerSchema = Type.Unsafe<[string, string]>({
  type: 'array',
  items: { type: 'string' },
  minItems: 2,
  maxItems: 2,
});

/** Why a request is, or was, answered as it is. */
export const explanationSchema = Type.Object(
  {
    facts: Type.Array(
      Type.Object({
        fact: Type.String(),
        value: nullable(Type.String()),
        headers: Type.Array(Type.String(), { description: 'The headers with this fact.' }),
      }),
    ),
    gate: nullable(Type.Object({ name: Type.String(), because: Type.String() })),
    steps: Type.Array(
      Type.Object({
        step: Type.String(),
        outcome: Type.Enum(['passed', 'denied', 'skipped']),
        notes: Type.Array(Type.String()),
      }),
    ),
    verdict: Type.Enum(['allow', 'deny']),
    reason: nullable(Type.String()),
    detail: nullable(Type.String()),
    meaning: nullable(Type.String({ description: 'What the reason means, and what to do.' })),
    source: nullable(Type.String()),
    identity: nullable(
      Type.Object({
        kind: Type.String(),
        subject: Type.String(),
        token_id: nullable(Type.String()),
      }),
    ),
    status: Type.Integer({ description: 'Status of the answer to nginx.' }),
    headers: Type.Array(headerSchema),
  },
  { $id: 'Explanation' },
);

/** An explanation as it is shown. */
export type ShownExplanation = Static<typeof explanationSchema>;

/** What the routes work with. */
export interface GateRouteDependencies {
  /** The services in force. */
  readonly current: () => { readonly gateList: GateList; readonly explain: Explain };
  /** Reads the configuration again, as this actor wants. Rejects with ConfigError and StoreUnavailable. */
  readonly reload: (actor: Actor) => Promise<Reloaded>;
  /** One of the last decisions, whichever process made it. */
  readonly findDecision: (requestId: string) => Promise<DecisionRecord | undefined>;
}

/** `/gates`, `/config/reload`, `/explain` and `/decisions` of the admin API. */
export function gateRoutes(dependencies: GateRouteDependencies): FastifyPluginAsyncTypebox {
  const { current, reload, findDecision } = dependencies;
  return async (app) => {
    app.get(
      '/gates',
      {
        onRequest: requireRole('auditor'),
        schema: {
          summary: 'List the gates in force',
          response: {
            200: Type.Object({
              gates: Type.Array(gateSchema),
              default_gate: Type.Object(
                {},
                {
                  additionalProperties: true,
                  description: 'The rules of every gate that nginx names, if `gates` is empty.',
                },
              ),
            }),
          },
        },
      },
      async () => {
        const { gates, default_gate } = current().gateList();
        return { gates: [...gates], default_gate };
      },
    );

    app.post(
      '/config/reload',
      {
        onRequest: requireRole(),
        schema: {
          summary: 'Reload the configuration; a faulty one changes nothing',
          response: {
            200: Type.Object({
              gates: Type.Array(Type.String()),
              need_restart: Type.Array(Type.String(), {
                description: 'Settings that were changed and take effect at the next start.',
              }),
            }),
          },
        },
      },
      async (request) => {
        const { needRestart } = await reload(actorOf(request));
        return {
          gates: current()
            .gateList()
            .gates.map(({ name }) => name),
          need_restart: [...needRestart],
        };
      },
    );

    app.post(
      '/explain',
      {
        onRequest: requireRole('auditor'),
        schema: {
          summary: 'Explain how a request would be answered; nothing is redeemed',
          body: Type.Object(
            {
              uri: Type.String({
                pattern: '^/',
                maxLength: 16_384,
                description: 'As the client sends it, with its query.',
              }),
              method: Type.Optional(Type.String({ default: 'GET', pattern: '^[A-Z-]{1,32}$' })),
              host: Type.Optional(
                Type.String({ default: 'localhost', minLength: 1, maxLength: 300 }),
              ),
              scheme: Type.Optional(Type.Enum(['http', 'https'], { default: 'https' })),
              client: Type.Optional(Type.String({ description: 'Client address.', maxLength: 64 })),
              gate: Type.Optional(
                Type.String({
                  pattern: gateNamePattern,
                  description: 'The gate that nginx names, if any.',
                }),
              ),
              headers: Type.Optional(
                Type.Array(headerSchema, {
                  maxItems: 200,
                  description: "The client's headers.",
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Type.Ref('Explanation#') },
        },
      },
      async ({ body }) => {
        const { uri, method = 'GET', host = 'localhost', scheme = 'https' } = body;
        const { client, gate, headers = [] } = body;
        const head = toSubrequest({ uri, method, host, scheme, client, gate, headers });
        const explanation = await current().explain(readSubrequest(head, { includes: () => true }));
        return showExplanation(explanation, sourceHeaders(head));
      },
    );

    app.get(
      '/decisions/:id',
      {
        onRequest: requireRole('auditor'),
        schema: {
          summary: 'Explain how a recent request was answered',
          description:
            'The last 1,000 denials are kept, and the last 1,000 allows (the first 100 of each second).',
          params: Type.Object({
            id: Type.String({
              minLength: 1,
              maxLength: 64,
              description: '`request_id` of the log, `X-Postern-Request-Id` of a denial.',
            }),
          }),
          response: { 200: Type.Ref('Explanation#') },
        },
      },
      async ({ params }) => {
        const record = await findDecision(params.id);
        if (record === undefined) throw new ProblemError('decision_not_found');
        return showExplanation(explainRecord(record), {});
      },
    );
  };
}

function showExplanation(
  explanation: Explanation,
  telling: Readonly<Record<string, string[]>>,
): ShownExplanation {
  const facts = Object.entries(explanation.facts).map(([fact, value]) => ({
    fact,
    value: value === null ? null : String(value),
    headers: (value !== null && telling[fact]) || [],
  }));
  const steps = explanation.steps.map((entry) => ({ ...entry, notes: [...entry.notes] }));
  const headers = explanation.headers.map(([name, value]): [string, string] => [name, value]);
  return { ...explanation, facts, steps, headers };
}
