import cluster from 'node:cluster';
import type { ClusterBus, ClusterHandlers } from './bus.ts';
import type { Addresses, ToPrimary, ToWorker } from './messages.ts';

/** One worker process, connected to the primary process. */
export interface Worker {
  /** Whether this worker maintains the store, for all of them. */
  readonly maintains: boolean;
  readonly bus: ClusterBus;
  /** Disconnects from the primary process, so that this one can end. */
  leave(): void;
  /** Reports that this worker serves, and handles messages from then on. */
  ready(addresses: Addresses, handlers: ClusterHandlers): void;
}

/** Milliseconds. Longer than the primary process waits for the other workers. */
const queryTimeoutMs = 2_000;

/** Connects to the primary process; resolves when it says that this worker may start. */
export async function joinPrimary(): Promise<Worker> {
  const waiting = new Map<number, (answers: readonly unknown[]) => void>();
  let handlers: ClusterHandlers | undefined;
  /** Notices from before the handlers: the configuration may have changed since this worker read it. */
  const early: (() => void)[] = [];
  let queries = 0;
  const say = (message: ToPrimary) => process.send?.(message);
  const maintains = await new Promise<boolean>((resolve) => {
    process.on('message', async (message: ToWorker) => {
      if (message.kind === 'start') resolve(message.maintains);
      else if (message.kind === 'answers') waiting.get(message.query)?.(message.answers);
      else if (message.kind === 'notice') {
        const deliver = () => handlers?.notices[message.topic](message.content as never);
        if (handlers === undefined) early.push(deliver);
        else deliver();
      } else {
        const { query, topic, content } = message;
        const answer = (await handlers?.questions[topic](content as never)) ?? null;
        say({ kind: 'answer', query, answer });
      }
    });
  });
  const bus: ClusterBus = {
    isShared: true,
    publish: (topic, content) => void say({ kind: 'notice', topic, content }),
    query(topic, content) {
      const query = queries++;
      return new Promise<readonly never[]>((resolve) => {
        const timeout = setTimeout(resolve, queryTimeoutMs, []);
        waiting.set(query, (answers) => {
          clearTimeout(timeout);
          resolve(answers as readonly never[]);
        });
        say({ kind: 'question', query, topic, content });
      }).finally(() => waiting.delete(query));
    },
  };
  return {
    maintains,
    bus,
    leave: () => process.channel?.unref(),
    ready(addresses, given) {
      handlers = given;
      for (const deliver of early.splice(0)) deliver();
      say({ kind: 'ready', addresses });
    },
  };
}

/** Whether this process is one of several workers. */
export const isWorker = cluster.isWorker;
