import { Counter, Histogram, Registry } from 'prom-client';
import type { DecisionRecord } from '../src/core/model/events.ts';
import { deny, type Verdict } from '../src/core/model/verdict.ts';
import { definitions } from '../src/telemetry/metrics/definitions.ts';
import { createMetrics } from '../src/telemetry/metrics/metrics.ts';
import { median } from '../testkit/statistics.ts';
import type { StorePart } from './store-parts.ts';

const rounds = 9;
const perRound = 200_000;

/** Overhead of metrics for a decision with one store read. */
export const metricsPart: StorePart = {
  name: 'metrics',
  async measure({ announce, signal }) {
    announce('metrics: counting …');
    const { count, countByLibrary } = prepare();
    const times = { own: [] as number[], library: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      times.own.push(time(count));
      times.library.push(time(countByLibrary));
      signal.throwIfAborted();
    }
    return [
      {
        part: 'metrics',
        what: 'metrics of a decision with one read',
        value: median(times.own),
        unit: 'ns',
        against: 'the same with prom-client’s inc and observe',
        baseline: median(times.library),
        goal: { of: 'value', atMost: 1_000 },
      },
    ];
  },
};

/**
 * Our metrics and prom-client's, each with two clock reads for the decision and two for the store.
 */
function prepare() {
  const metrics = createMetrics(Date.now);
  metrics.applyConfig({ gates: [], jwtIssuers: [] });
  const registers = [new Registry()];
  const describe = (key: 'decisions' | 'decisionDuration' | 'storeDuration') => {
    const { name, help, labels } = definitions[key];
    return { name, help, labelNames: [...labels], registers };
  };
  const { buckets } = definitions.decisionDuration;
  const decisions = new Counter(describe('decisions'));
  const durations = new Histogram({ ...describe('decisionDuration'), buckets: [...buckets] });
  const store = new Histogram({
    ...describe('storeDuration'),
    buckets: [...definitions.storeDuration.buckets],
  });
  return {
    count(index: number) {
      const start = performance.now();
      const read = performance.now();
      metrics.store.done('read', performance.now() - read);
      metrics.events.decided?.(recordOf(index, performance.now() - start));
    },
    countByLibrary(index: number) {
      const start = performance.now();
      const read = performance.now();
      store.observe({ operation: 'read' }, (performance.now() - read) / 1_000);
      const record = recordOf(index, performance.now() - start);
      const { gate = 'none', upgrade, verdict, milliseconds } = record;
      const request = upgrade ? 'handshake' : 'page';
      const reason = verdict.verdict === 'deny' ? verdict.reason : 'none';
      const source = verdict.source ?? 'none';
      decisions.inc({ gate, request, verdict: verdict.verdict, reason, source });
      durations.observe({ gate }, milliseconds / 1_000);
    },
  };
}

const verdicts: readonly Verdict[] = [
  deny('no_credential'),
  { ...deny('unknown_token'), source: 'query' },
  { ...deny('expired'), source: 'cookie' },
];

function recordOf(index: number, milliseconds: number): DecisionRecord {
  return {
    requestId: '',
    at: 0,
    milliseconds,
    gate: index % 2 === 0 ? 'chat' : 'media',
    matchedBy: undefined,
    verdict: verdicts[index % verdicts.length] as Verdict,
    method: 'GET',
    host: 'app.example.com',
    path: '/',
    origin: undefined,
    upgrade: index % 4 < 2,
    clientAddress: undefined,
  };
}

/** Nanoseconds per call. */
function time(call: (index: number) => void): number {
  const start = performance.now();
  for (let i = 0; i < perRound; i++) call(i);
  return ((performance.now() - start) * 1e6) / perRound;
}
