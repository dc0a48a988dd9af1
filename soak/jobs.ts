import { createSecret, tokenPrefix } from '../src/lib/secret.ts';
import type { Connection, Reply } from './connection.ts';
import { call, handshake, type Route } from './requests.ts';

/** Environment of the jobs. */
export interface Bench {
  /** Connection to the gate, or to nginx. */
  readonly gate: Connection;
  /** Connection to the gate itself, for endpoints under /.postern/. */
  readonly direct: Connection;
  readonly admin: Connection;
  readonly way: Route;
  readonly adminKey: string;
  readonly tokens: readonly string[];
  readonly jwts: readonly string[];
  /** Sends a request, counts it, and throws on another status. */
  expect(connection: Connection, request: string, status: number): Promise<Reply>;
}

/** A client action of one or several requests. */
export interface Job {
  readonly name: string;
  /** Share of this job, in a thousand. */
  readonly share: number;
  run(bench: Bench, turn: number): Promise<void>;
}

/** A job that presents one credential. */
function presenting(
  name: string,
  share: number,
  status: 200 | 401,
  present: (bench: Bench, turn: number) => Parameters<typeof handshake>[1],
): Job {
  return {
    ...{ name, share },
    async run(bench, turn) {
      await bench.expect(bench.gate, handshake(bench.way, present(bench, turn)), status);
    },
  };
}

const tokenOf = ({ tokens }: Bench, turn: number) => tokens[turn % tokens.length] ?? '';
const jwtOf = ({ jwts }: Bench, turn: number) => jwts[turn % jwts.length] ?? '';
const inQuery = (token: string) => ({ query: `?token=${token}` });
const inHeader = (line: string) => ({ lines: [line] });

/**
 * A few thousand other addresses, so that valid clients are not throttled. They repeat: entries
 * that stay for the throttle's window are no leak, but would look like one otherwise.
 */
const strangerOf = (turn: number) => `10.0.${(turn >> 8) & 15}.${turn & 255}`;

/** The mix: mostly decisions, with some of everything that writes. */
export const jobs: readonly Job[] = [
  presenting('cookie', 270, 200, (bench, turn) =>
    inHeader(`Cookie: a=b; postern_token=${tokenOf(bench, turn)}`),
  ),
  presenting('query', 150, 200, (bench, turn) => inQuery(tokenOf(bench, turn))),
  presenting('bearer', 150, 200, (bench, turn) =>
    inHeader(`Authorization: Bearer ${tokenOf(bench, turn)}`),
  ),
  presenting('subprotocol', 100, 200, (bench, turn) =>
    inHeader(`Sec-WebSocket-Protocol: chat, postern.bearer.${tokenOf(bench, turn)}`),
  ),
  presenting('jwt', 110, 200, (bench, turn) =>
    inHeader(`Authorization: Bearer ${jwtOf(bench, turn)}`),
  ),
  presenting('nothing', 100, 401, () => ({})),
  presenting('unknown', 60, 401, (_bench, turn) => ({
    ...inQuery(createSecret(tokenPrefix)),
    address: strangerOf(turn),
  })),
  presenting('garbage', 40, 401, (_bench, turn) => ({
    ...inHeader(`Authorization: Basic ${turn}=x`),
    address: strangerOf(turn),
  })),
  {
    name: 'ticket',
    share: 10,
    async run(bench, turn) {
      const ticket = await issue(bench, '/v1/tickets', turn);
      const request = handshake(bench.way, inQuery(ticket.token));
      await bench.expect(bench.gate, request, 200);
      await bench.expect(bench.gate, request, 401);
    },
  },
  {
    name: 'revocation',
    share: 5,
    async run(bench, turn) {
      const { token, id } = await issue(bench, '/v1/tokens', turn);
      const request = handshake(bench.way, inQuery(token));
      await bench.expect(bench.gate, request, 200);
      const { admin, adminKey } = bench;
      await bench.expect(admin, call('DELETE', `/v1/tokens/${id}`, { key: adminKey }), 200);
      await bench.expect(bench.gate, request, 401);
    },
  },
  {
    name: 'session',
    share: 5,
    async run(bench, turn) {
      const body = { token: tokenOf(bench, turn) };
      const opened = await bench.expect(
        bench.direct,
        call('POST', '/.postern/session', { body }),
        204,
      );
      const cookie = /\r\nset-cookie: ([^;\r\n]+)/i.exec(opened.head)?.[1] ?? '';
      const request = handshake(bench.way, inHeader(`Cookie: ${cookie}`));
      await bench.expect(bench.gate, request, 200);
      await bench.expect(bench.direct, call('DELETE', '/.postern/session', { cookie }), 204);
      await bench.expect(bench.gate, request, 401);
    },
  },
];

async function issue({ admin, adminKey: key, expect }: Bench, path: string, turn: number) {
  const body = { subject: `soak-${turn % 1_000}`, claims: { email: 'soak@example.com' } };
  const reply = await expect(admin, call('POST', path, { key, body }), 201);
  return JSON.parse(reply.body) as { token: string; id: string };
}

/** Chooses a job by the shares, deterministic by turn. */
export function jobOf(turn: number): Job {
  // Steps by a prime, so that every thousand turns contain all jobs, well mixed.
  let place = (turn * 619) % jobs.reduce((sum, { share }) => sum + share, 0);
  for (const job of jobs) {
    if (place < job.share) return job;
    place -= job.share;
  }
  throw new Error('the shares do not add up');
}
