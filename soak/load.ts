import { quantile } from '../testkit/statistics.ts';
import { type Connection, openConnection, type Reply } from './connection.ts';
import type { SoakFixture } from './fixture.ts';
import { type Bench, jobOf } from './jobs.ts';
import { call } from './requests.ts';

/** Measurements of one slice. */
export interface Measured {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
}

/** A steady load over persistent connections. */
export interface Load {
  /** Runs jobs until this many requests were sent. Rejects at the first unexpected response. */
  run(requests: number): Promise<Measured>;
  /** Reloads the configuration, by signal and by the API in turn. */
  reload(): Promise<void>;
  close(): void;
}

/** Opens the connections of all clients. */
export async function openLoad(
  fixture: SoakFixture,
  options: { readonly clients: number; readonly nginx: boolean; readonly signal: AbortSignal },
): Promise<Load> {
  const { clients, nginx, signal } = options;
  let latencies: number[] = [];
  let turn = 0;
  let reloads = 0;

  const expect = async (connection: Connection, request: string, status: number) => {
    const reply: Reply = await connection.send(request);
    latencies.push(reply.ms);
    if (reply.status === status) return reply;
    const [line = ''] = request.split('\r\n');
    throw new Error(`${line.split('?')[0]} was answered with ${reply.status} and not ${status}`);
  };
  const benches: Bench[] = [];
  for (let i = 0; i < clients; i++) {
    const direct = await openConnection(fixture.gate);
    benches.push({
      ...{ direct, expect, adminKey: fixture.adminKey, tokens: fixture.tokens, jwts: fixture.jwts },
      gate: nginx ? await openConnection(fixture.entrance) : direct,
      admin: await openConnection(fixture.admin),
      way: nginx ? 'nginx' : 'direct',
    });
  }
  return {
    async run(requests) {
      latencies = [];
      const startedAt = performance.now();
      await Promise.all(
        benches.map(async (bench) => {
          while (latencies.length < requests) {
            signal.throwIfAborted();
            const own = turn++;
            await jobOf(own).run(bench, own);
          }
        }),
      );
      const seconds = (performance.now() - startedAt) / 1e3;
      const within = (share: number) => quantile(latencies, share);
      return { requests: latencies.length, seconds, p50: within(0.5), p99: within(0.99) };
    },
    async reload() {
      const [bench] = benches;
      if (reloads++ % 2 === 0 || bench === undefined) {
        process.kill(fixture.pid, 'SIGHUP');
        return;
      }
      const request = call('POST', '/v1/config/reload', { key: fixture.adminKey });
      const { status } = await bench.admin.send(request);
      if (status !== 200) throw new Error(`a reload was answered with ${status}`);
    },
    close() {
      for (const { gate, direct, admin } of benches) {
        for (const connection of [gate, direct, admin]) connection.close();
      }
    },
  };
}
