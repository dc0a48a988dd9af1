import { LRUCache } from 'lru-cache';
import { networkOf } from '../lib/network-of.ts';
import { AskFailed } from './failure.ts';

/** Bounds how many tasks are under way (concurrency limiter), shared fairly among networks of clients. */
export interface ConcurrencyLimit {
  /**
   * Runs the task for a client, now or when it is its turn. Undefined, at once, where there is no room to
   * wait; `too_late` when the signal comes before its turn. Rejects as the task does.
   */
  run<T>(
    clientAddress: string | undefined,
    task: () => Promise<T>,
    signal: AbortSignal,
  ): Promise<T | 'too_late'> | undefined;
  /** The service was reached: what kept everybody from asking is over. */
  reached(): void;
}

/** For each task under way, so many more may wait. */
const waitingPerTask = 4;

/** Failures in a row after which one task at a time finds out whether it is over (circuit breaker). */
const patience = 3;

/** How many times what is left for others one network may take. */
const shareOfRest = 3;

/** Most networks whose failures are remembered. */
const mostFailing = 10_000;

/** Prefixes of a client's own network, and of the one around it. */
const own = { ipv4: 32, ipv6: 64 };
const around = { ipv4: 24, ipv6: 48 };

interface Waiter {
  readonly networks: readonly string[];
  readonly begin: () => void;
}

/**
 * Builds one for `most` tasks at a time.
 *
 * - A network takes three times as much as it leaves free, at most (dynamic threshold): one by itself three
 *   quarters of it all, and whoever comes next finds a place, however slow the answers are. The same holds
 *   for the wider network, /24 or /48. Those who wait take turns, network by network.
 * - Where the questions of a network fail one after the other, it has one at a time and the rest of it is
 *   told at once; others are not touched. Where the service cannot be reached, which no question brings
 *   about, that holds for everybody.
 */
export function createConcurrencyLimit(most: number): ConcurrencyLimit {
  const room = most * waitingPerTask;
  const active = createTally();
  const waiting = createTally();
  /** By a client's own network, in the order of their turns. */
  const queues = new Map<string, Waiter[]>();
  const failures = new LRUCache<string, number>({ max: mostFailing });
  let unreachable = 0;

  const isNarrow = (network: string) => (failures.get(network) ?? 0) >= patience;

  function mayBegin(networks: readonly string[]): boolean {
    const [network = ''] = networks;
    if (unreachable >= patience && active.all > 0) return false;
    if (isNarrow(network) && active.of(network) > 0) return false;
    return hasShare(active, most, networks);
  }

  async function work<T>(networks: readonly string[], task: () => Promise<T>): Promise<T> {
    const [network = ''] = networks;
    active.add(networks, 1);
    try {
      const result = await task();
      failures.delete(network);
      unreachable = 0;
      return result;
    } catch (error) {
      if (error instanceof AskFailed && error.kind === 'unreachable') unreachable++;
      else failures.set(network, (failures.get(network) ?? 0) + 1);
      throw error;
    } finally {
      active.add(networks, -1);
      next();
    }
  }

  /** Lets those begin who may, one of each network after the other. */
  function next(): void {
    const ready = [...queues].find(([, [first]]) => first && mayBegin(first.networks));
    if (ready === undefined) return;
    const [network, queue] = ready;
    const [first] = queue;
    if (first === undefined) return;
    leave(network, first);
    if (queues.delete(network)) queues.set(network, queue);
    first.begin();
    next();
  }

  function leave(network: string, waiter: Waiter): void {
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
      if (mayBegin(networks)) return work(networks, task);
      if (unreachable >= patience || isNarrow(network)) return undefined;
      if (!hasShare(waiting, room, networks)) return undefined;
      return new Promise<T | 'too_late'>((resolve) => {
        const giveUp = () => {
          leave(network, waiter);
          resolve('too_late');
        };
        const waiter = {
          networks,
          begin() {
            signal.removeEventListener('abort', giveUp);
            resolve(work(networks, task));
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
    reached() {
      unreachable = 0;
    },
  };
}

/** Counts by name, and all together. */
function createTally() {
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

/** Whether one more of these networks is within what they may take. */
function hasShare(
  tally: ReturnType<typeof createTally>,
  most: number,
  networks: readonly string[],
): boolean {
  const rest = most - tally.all;
  return rest > 0 && networks.every((name) => tally.of(name) < shareOfRest * rest);
}

/** A client's own network first; those without an address are one. */
function networksOf(address: string | undefined): readonly string[] {
  const find = (lengths: typeof own) => address && networkOf(address, lengths);
  return [find(own) || 'unknown', find(around) || 'unknown around'];
}
