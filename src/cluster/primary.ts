import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { createBroadcastQueries } from './broadcast-queries.ts';
import { WorkersFailed } from './failed.ts';
import type { Addresses, ToPrimary, ToWorker } from './messages.ts';
import { createMetricTotals } from './metric-totals.ts';

/** The primary process of several workers on the same listeners and the same store. */
export interface Primary {
  readonly addresses: Addresses;
  /** Makes all workers read their configuration again. */
  reload(): void;
  /** Stops the workers gracefully; resolves when all have ended. */
  close(): Promise<void>;
}

/** Exponential back-off before a worker that ended is replaced, in milliseconds. */
const backOff = { initial: 100, max: 10_000 } as const;

/** Milliseconds of service after which the back-off starts anew. */
const resetAfterMs = 30_000;

/** Milliseconds that workers get to stop before they are killed. */
const stopTimeoutMs = 5_000;

/**
 * Starts the workers and replaces those that end. The first one starts alone, so that a fault is reported once.
 * Rejects with WorkersFailed.
 */
export async function startPrimary(count: number, log: Logger): Promise<Primary> {
  const workers = new Set<Worker>();
  /** Those that answer queries: one that is still starting has nothing to say. */
  const ready = new Set<Worker>();
  const queries = createBroadcastQueries<Worker>();
  const totals = createMetricTotals();
  let maintainer: Worker | undefined;
  let pause: number = backOff.initial;
  let closing = false;

  const send = (worker: Worker, message: ToWorker) => {
    if (worker.isConnected()) worker.send(message);
  };
  const others = (all: ReadonlySet<Worker>, than: Worker) =>
    [...all].filter((worker) => worker !== than);

  function handle(worker: Worker, message: ToPrimary): void {
    if (message.kind === 'notice')
      for (const other of others(workers, worker)) send(other, message);
    if (message.kind === 'answer') queries.answered(worker, message.query, message.answer);
    if (message.kind !== 'question') return;
    const { query, topic, content } = message;
    const asked = others(ready, worker);
    const number = queries.begin(asked, (answers) =>
      send(worker, {
        kind: 'answers',
        query,
        answers: topic === 'metrics' ? addUp([content, ...answers]) : answers,
      }),
    );
    for (const other of asked) send(other, { kind: 'question', query: number, topic, content });
  }

  /** Metrics of all workers. A worker that is late or gone counts with its last snapshot. */
  function addUp(snapshots: readonly unknown[]): Snapshot[] {
    const present = new Set([...workers].map(({ process }) => process.pid));
    for (const snapshot of snapshots as Snapshot[]) {
      // One that ended since it answered is counted already.
      if (present.has(snapshot.process)) totals.record(snapshot);
    }
    return totals.all();
  }

  /** Resolves when the worker serves, rejects when it ends before that. */
  function start(): Promise<Addresses> {
    const worker = cluster.fork();
    const startedAt = performance.now();
    workers.add(worker);
    maintainer ??= worker;
    send(worker, { kind: 'start', maintains: maintainer === worker });
    return new Promise((resolve, reject) => {
      let isReady = false;
      worker.on('message', (message: ToPrimary) => {
        if (message.kind === 'ready') {
          isReady = true;
          ready.add(worker);
          resolve(message.addresses);
        } else handle(worker, message);
      });
      worker.once('exit', (code, signal) => {
        workers.delete(worker);
        ready.delete(worker);
        queries.left(worker);
        totals.ended(worker.process.pid);
        if (maintainer === worker) maintainer = undefined;
        if (performance.now() - startedAt > resetAfterMs) pause = backOff.initial;
        if (isReady) replace(code, signal);
        reject(new WorkersFailed(code || 1));
      });
    });
  }

  function replace(code: number | null, signal: string | null): void {
    if (closing) return;
    log.error({ event: 'worker', code, signal, in_ms: pause }, 'a worker ended and is replaced');
    setTimeout(() => {
      if (closing) return;
      start().then(
        () => {
          totals.replaced();
          log.info({ event: 'worker' }, 'a worker was replaced');
        },
        (error: WorkersFailed) => replace(error.exitCode, null),
      );
    }, pause);
    pause = Math.min(pause * 2, backOff.max);
  }

  const addresses = await start();
  try {
    await Promise.all(Array.from({ length: count - 1 }, start));
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    closing = true;
    const ended = [...workers].map(
      (worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())),
    );
    for (const worker of workers) worker.process.kill('SIGTERM');
    const timeout = setTimeout(() => {
      for (const worker of workers) worker.process.kill('SIGKILL');
    }, stopTimeoutMs);
    await Promise.all(ended);
    clearTimeout(timeout);
  }

  return {
    addresses,
    reload() {
      for (const worker of workers) {
        send(worker, { kind: 'notice', topic: 'reload', content: 'signal' });
      }
    },
    close,
  };
}
