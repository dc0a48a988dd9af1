import cluster from 'node:cluster';
import type { DecisionRecord } from '../services/events.ts';
import type { Addresses, ToPrimary, ToWorker } from './messages.ts';

/** The other workers, as one of them sees them. */
export interface Peers {
  /** Has them read their configuration again, as this one just did. */
  reload(): void;
  /** A decision that one of them made; undefined when none did, or none says so in time. */
  find(requestId: string): Promise<DecisionRecord | undefined>;
}

/** What a worker does when the primary process says so. */
export interface WorkerTasks {
  reload(): void;
  find(requestId: string): DecisionRecord | undefined;
}

/** A worker's line to the primary process. */
export interface Worker {
  /** Whether this one prunes, for all of them. */
  readonly prunes: boolean;
  readonly peers: Peers;
  /** Gives up the line to the primary process. */
  leave(): void;
  /** Says that this one serves, and does from then on what it is told. */
  ready(addresses: Addresses, tasks: WorkerTasks): void;
}

/** Milliseconds to wait for the others to say whether a decision was theirs. */
const patienceMs = 1_000;

/** Waits to be told to begin. */
export async function joinPrimary(): Promise<Worker> {
  const waiting = new Map<number, (record: DecisionRecord | undefined) => void>();
  let tasks: WorkerTasks | undefined;
  let queries = 0;
  const say = (message: ToPrimary) => process.send?.(message);
  const prunes = await new Promise<boolean>((resolve) => {
    process.on('message', (message: ToWorker) => {
      if (message.kind === 'start') resolve(message.prunes);
      if (message.kind === 'reload') tasks?.reload();
      if (message.kind === 'found') waiting.get(message.query)?.(message.record ?? undefined);
      if (message.kind === 'find') {
        const record = tasks?.find(message.requestId) ?? null;
        say({ kind: 'found', query: message.query, record });
      }
    });
  });
  return {
    prunes,
    peers: {
      reload: () => say({ kind: 'reload' }),
      find(requestId) {
        const query = queries++;
        return new Promise<DecisionRecord | undefined>((resolve) => {
          const patience = setTimeout(resolve, patienceMs, undefined);
          waiting.set(query, (record) => {
            clearTimeout(patience);
            resolve(record);
          });
          say({ kind: 'find', query, requestId });
        }).finally(() => waiting.delete(query));
      },
    },
    leave: () => process.channel?.unref(),
    ready(addresses, given) {
      tasks = given;
      say({ kind: 'ready', addresses });
    },
  };
}

/** Whether this process is one of several workers. */
export const isWorker = cluster.isWorker;
