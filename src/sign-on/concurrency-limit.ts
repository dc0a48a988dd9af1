import { LRUCache } from 'lru-cache';
import { networkOf } from '../lib/network-of.ts';
import { RequestFailed } from './request-failure.ts';

/** Concurrency limiter with circuit breaker, fair among client networks. */
export interface ConcurrencyLimit {
  /**
   * Runs the task at once, or queues it. Undefined (at once) when the queue is full for this
   * client; `too_late` when the signal aborts before the task starts. Rejects as the task does.
   */
  run<T>(
    clientAddress: string | undefined,
    task: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T | 'too_late'> | undefined;
  /** Closes the global circuit: a connection to the service was made. */
  serviceReached(): void;
}

/** Queued tasks per running one. */
const maxWaitingPerTask = 4;

/** Consecutive failures that open the circuit: then one task at a time probes the service. */
const failureThreshold = 3;

/** A network may hold this many times the free capacity. */
const shareOfFree = 3;

const maxFailureEntries = 10_000;

/** Prefix lengths of the client's network and of the wider one around it. */
const clientPrefix = { ipv4: 32, ipv6: 64 };
const widerPrefix = { ipv4: 24, ipv6: 48 };

interface Waiter {
  readonly networks: readonly string[];
  readonly start: () => void;
}

/**
 * Creates a limiter for `maxConcurrent` tasks.
 *
 * - Fairness (dynamic threshold): a network may hold at most three times the capacity that is still
 *   free. One network alone gets three quarters, and a newcomer always finds room, however slow the
 *   service is. The same holds for the wider network, /24 or /48. The queue is served round robin
 *   by network.
 * - Circuit breaker per network: after failures in a row the network runs one task at a time, and
 *   the rest of its tasks fail at once. Other networks are not affected. Connection failures are no
 *   client's fault, so they open a circuit for everyone.
 */
export function createConcurrencyLimit(maxConcurrent: number): ConcurrencyLimit {
  const maxWaiting = maxConcurrent * maxWaitingPerTask;
  const active = createCounter();
  const waiting = createCounter();
  /** Queues by client network, in round-robin order. */
  const queues = new Map<string, Waiter[]>();
  const failures = new LRUCache<string, number>({ max: maxFailureEntries });
  let connectFailures = 0;

  const isTripped = (network: string) => (failures.get(network) ?? 0) >= failureThreshold;

  function mayStart(networks: readonly string[]): boolean {
    const [network = ''] = networks;
    if (connectFailures >= failureThreshold && active.all > 0) return false;
    if (isTripped(network) && active.of(network) > 0) return false;
    return fitsFairShare(active, maxConcurrent, networks);
  }

  async function runNow<T>(networks: readonly string[], task: () => Promise<T>): Promise<T> {
    const [network = ''] = networks;
    active.add(networks, 1);
    try {
      const result = await task();
      failures.delete(network);
      connectFailures = 0;
      return result;
    } catch (error) {
      if (error instanceof RequestFailed && error.kind === 'unreachable') connectFailures++;
      else failures.set(network, (failures.get(network) ?? 0) + 1);
      throw error;
    } finally {
      active.add(networks, -1);
      startWaiting();
    }
  }

  /** Starts every queued task that may start, one network after the other. */
  function startWaiting(): void {
    const ready = [...queues].find(([, [first]]) => first && mayStart(first.networks));
    if (ready === undefined) return;
    const [network, queue] = ready;
    const [first] = queue;
    if (first === undefined) return;
    dequeue(network, first);
    if (queues.delete(network)) queues.set(network, queue);
    first.start();
    startWaiting();
  }

  function dequeue(network: string, waiter: Waiter): void {
    const queue = queues.get(network) ?? [];
    const place = queue.indexOf(waiter);
    if (place === -1) return;
    queue.splice(place, 1);
    waiting.add(waiter.networks, -1);
    if (queue.length === 0) queues.delete(network);
  }

  return {
    run<T>(clientAddress: string | undefined, task: () => Promise<T>, signal: AbortSignal) {
      const networks = networksOf(clientAddress);
      const [network = ''] = networks;
      if (mayStart(networks)) return runNow(networks, task);
      if (connectFailures >= failureThreshold || isTripped(network)) return undefined;
      if (!fitsFairShare(waiting, maxWaiting, networks)) return undefined;
      return new Promise<T | 'too_late'>((resolve) => {
        const giveUp = () => {
          dequeue(network, waiter);
          resolve('too_late');
        };
        const waiter = {
          networks,
          start() {
            signal.removeEventListener('abort', giveUp);
            resolve(runNow(networks, task));
          },
        };
        const queue = queues.get(network) ?? [];
        queue.push(waiter);
        queues.set(network, queue);
        waiting.add(networks, 1);
        if (signal.aborted) giveUp();
        else signal.addEventListener('abort', giveUp);
      });
    },
    serviceReached() {
      connectFailures = 0;
    },
  };
}

/** Counts by name, and in total. */
function createCounter() {
  const counts = new Map<string, number>();
  let all = 0;
  return {
    get all() {
      return all;
    },
    of: (name: string) => counts.get(name) ?? 0,
    add(names: readonly string[], by: 1 | -1) {
      all += by;
      for (const name of names) {
        const count = (counts.get(name) ?? 0) + by;
        if (count === 0) counts.delete(name);
        else counts.set(name, count);
      }
    },
  };
}

/** Whether one more task of these networks is within their fair share. */
function fitsFairShare(
  counter: ReturnType<typeof createCounter>,
  limit: number,
  networks: readonly string[],
): boolean {
  const free = limit - counter.all;
  return free > 0 && networks.every((name) => counter.of(name) < shareOfFree * free);
}

/** The client's network, then the wider one. Clients without an address share one network. */
function networksOf(address: string | undefined): readonly string[] {
  const find = (lengths: typeof clientPrefix) => address && networkOf(address, lengths);
  return [find(clientPrefix) || 'unknown', find(widerPrefix) || 'unknown around'];
}
