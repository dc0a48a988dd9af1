import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { createBroadcastQueries } from './broadcast-queries.ts';
import { WorkersFailed } from './failed.ts';
import type { Addresses, ToPrimary, ToWorker } from './messages.ts';
import { createMetricTotals } from './metric-totals.ts';

/** Several workers on the same listeners and the same store. */
export interface Primary {
  readonly addresses: Addresses;
  /** Has all workers read their configuration again. */
  reload(): void;
  /** Stops the workers in order and resolves when all have ended. */
  close(): Promise<void>;
}

/** Milliseconds before a worker that ended is replaced, doubled each time up to the longest. */
const backOff = { first: 100, longest: 10_000 } as const;

/** Milliseconds after which a worker that ends counts as having been well. */
const wellAfterMs = 30_000;

/** Milliseconds that workers get to stop in order. */
const stopMs = 5_000;

/**
 * Starts the workers, the first one alone so that a fault is told once, and replaces those that end.
 * Rejects with WorkersFailed.
 */
export async function startPrimary(count: number, log: Logger): Promise<Primary> {
  const workers = new Set<Worker>();
  const queries = createBroadcastQueries<Worker>();
  const totals = createMetricTotals();
  let pruner: Worker | undefined;
  let pause: number = backOff.first;
  let closing = false;

  const say = (worker: Worker, message: ToWorker) => {
    if (worker.isConnected()) worker.send(message);
  };
  const others = (than: Worker) => [...workers].filter((worker) => worker !== than);

  function hear(worker: Worker, message: ToPrimary): void {
    if (message.kind === 'notice') for (const other of others(worker)) say(other, message);
    if (message.kind === 'answer') queries.answered(worker, message.query, message.answer);
    if (message.kind !== 'question') return;
    const { query, topic, content } = message;
    const asked = others(worker);
    const number = queries.begin(asked, (answers) =>
      say(worker, {
        kind: 'answers',
        query,
        answers: topic === 'metrics' ? tally([content, ...answers]) : answers,
      }),
    );
    for (const other of asked) say(other, { kind: 'question', query: number, topic, content });
  }

  /** Whoever is late or gone counts with what they said last. */
  function tally(snapshots: readonly unknown[]): Snapshot[] {
    const present = new Set([...workers].map(({ process }) => process.pid));
    for (const snapshot of snapshots as Snapshot[]) {
      // It may have ended since it answered: then what it counted stands there already.
      if (present.has(snapshot.process)) totals.note(snapshot);
    }
    return totals.all();
  }

  /** Resolves when the worker serves, rejects when it ends before that. */
  function start(): Promise<Addresses> {
    const worker = cluster.fork();
    const startedAt = performance.now();
    workers.add(worker);
    pruner ??= worker;
    say(worker, { kind: 'start', prunes: pruner === worker });
    return new Promise((resolve, reject) => {
      let isReady = false;
      worker.on('message', (message: ToPrimary) => {
        if (message.kind === 'ready') {
          isReady = true;
          resolve(message.addresses);
        } else hear(worker, message);
      });
      worker.once('exit', (code, signal) => {
        workers.delete(worker);
        queries.left(worker);
        totals.ended(worker.process.pid);
        if (pruner === worker) pruner = undefined;
        if (performance.now() - startedAt > wellAfterMs) pause = backOff.first;
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
    pause = Math.min(pause * 2, backOff.longest);
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
    const patience = setTimeout(() => {
      for (const worker of workers) worker.process.kill('SIGKILL');
    }, stopMs);
    await Promise.all(ended);
    clearTimeout(patience);
  }

  return {
    addresses,
    reload() {
      for (const worker of workers) {
        say(worker, { kind: 'notice', topic: 'reload', content: 'signal' });
      }
    },
    close,
  };
}
