import { join } from 'node:path';
import pino from 'pino';
import { loadConfig } from '../../src/config/load.ts';
import { startPruning } from '../../src/maintenance/pruning.ts';
import type { Store } from '../../src/store/port/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { logEvents } from '../../src/telemetry/log/log-events.ts';
import { median, quantile } from '../../testkit/statistics.ts';
import type { StorePart } from '../store-parts.ts';
import { fillStore, hashOf } from './fill.ts';

const expired = 1_000_000;
const good = 1_000;
const rounds = 7;
/** Milliseconds per round, without and then with pruning. */
const roundMs = 1_500;
/** Decisions in flight. */
const atOnce = 64;
/** Milliseconds of a decision besides its look-up. */
const decisionMs = 0.02;

/** Impact on decisions of pruning a million expired tokens. */
export const prunePart: StorePart = {
  name: 'prune',
  async measure({ directory, announce, signal }) {
    const dataDir = join(directory, 'prune');
    announce(`prune: making ${expired} expired tokens …`);
    await fillStore(dataDir, 'x', { count: expired, expiresAt: 1_000 });
    await fillStore(dataDir, 't', { count: good });
    const store = openSqliteStore(dataDir);
    const quiet: number[] = [];
    const pruning: number[] = [];
    let deleted = 0;
    try {
      announce('prune: deciding, with and without pruning …');
      await decide(store, roundMs);
      for (let round = 0; round < rounds; round++) {
        quiet.push(quantile(await decide(store, roundMs), 0.99));
        const stop = startPruningOf(store);
        pruning.push(quantile(await decide(store, roundMs), 0.99));
        deleted += await stop();
        signal.throwIfAborted();
      }
    } finally {
      await store.close();
    }
    return [
      {
        part: 'prune',
        what: `99th percentile of decisions while ${Math.round((deleted / (rounds * roundMs)) * 1e3)} tokens a second are pruned`,
        value: median(pruning),
        unit: 'ms',
        against: 'while none are',
        baseline: median(quiet),
        goal: { of: 'ratio', atMost: 2 },
      },
    ];
  },
};

/** Prunes as the service does, until it is stopped; returns the number of pruned tokens. */
function startPruningOf(store: Store): () => Promise<number> {
  const { config } = loadConfig({ env: {} });
  const pruning = startPruning({
    isOn: true,
    store: store.tokens,
    jwts: store.jwts,
    audit: store.audit,
    limits: () => ({ ...config, tokens: { ...config.tokens, retention: 0 } }),
    events: logEvents(pino({ level: 'silent' })),
    clock: () => 2_000,
  });
  const run = pruning.run();
  return async () => {
    pruning.stop();
    return (await run).token;
  };
}

/** Latencies of decisions in milliseconds, from their arrival. */
async function decide({ tokens }: Store, milliseconds: number): Promise<number[]> {
  const latencies: number[] = [];
  const end = performance.now() + milliseconds;
  const hashes = Array.from({ length: good }, (_, i) => hashOf(`t${i}`));
  let next = 0;
  const decideOneByOne = async () => {
    for (let start = performance.now(); start < end; start = performance.now()) {
      await new Promise((resolve) => setImmediate(resolve));
      await tokens.findByHash(hashes[next++ % good] ?? Buffer.alloc(32));
      const done = performance.now() + decisionMs;
      while (performance.now() < done);
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, decideOneByOne));
  return latencies;
}
