import cluster from 'node:cluster';
import type { Addresses, Notices, Questions, ToPrimary, ToWorker } from './messages.ts';

/** The other workers, as one of them sees them. */
export interface ClusterBus {
  /** Tells all of them. */
  publish<Topic extends keyof Notices>(topic: Topic, content: Notices[Topic]): void;
  /** Asks all of them; resolves with what those say who answer in time. */
  query<Topic extends keyof Questions>(
    topic: Topic,
    content: Questions[Topic]['content'],
  ): Promise<readonly Questions[Topic]['answer'][]>;
}

/** What a worker does about what the others tell and ask. */
export interface ClusterHandlers {
  readonly notices: { [Topic in keyof Notices]: (content: Notices[Topic]) => void };
  readonly questions: {
    [Topic in keyof Questions]: (
      content: Questions[Topic]['content'],
    ) => Questions[Topic]['answer'] | Promise<Questions[Topic]['answer']>;
  };
}

/** A worker's line to the primary process. */
export interface Worker {
  /** Whether this one prunes, for all of them. */
  readonly prunes: boolean;
  readonly peers: ClusterBus;
  /** Gives up the line to the primary process. */
  leave(): void;
  /** Says that this one serves, and does from then on what it is told. */
  ready(addresses: Addresses, tasks: ClusterHandlers): void;
}

/** Milliseconds to wait for the primary process, which itself waits for the others. */
const patienceMs = 2_000;

/** Waits to be told to begin. */
export async function joinPrimary(): Promise<Worker> {
  const waiting = new Map<number, (answers: readonly unknown[]) => void>();
  let tasks: ClusterHandlers | undefined;
  let queries = 0;
  const say = (message: ToPrimary) => process.send?.(message);
  const prunes = await new Promise<boolean>((resolve) => {
    process.on('message', async (message: ToWorker) => {
      if (message.kind === 'start') resolve(message.prunes);
      else if (message.kind === 'answers') waiting.get(message.query)?.(message.answers);
      else if (message.kind === 'notice') tasks?.notices[message.topic](message.content as never);
      else {
        const { query, topic, content } = message;
        const answer = (await tasks?.questions[topic](content as never)) ?? null;
        say({ kind: 'answer', query, answer });
      }
    });
  });
  const peers: ClusterBus = {
    publish: (topic, content) => void say({ kind: 'notice', topic, content }),
    query(topic, content) {
      const query = queries++;
      return new Promise<readonly never[]>((resolve) => {
        const patience = setTimeout(resolve, patienceMs, []);
        waiting.set(query, (answers) => {
          clearTimeout(patience);
          resolve(answers as readonly never[]);
        });
        say({ kind: 'question', query, topic, content });
      }).finally(() => waiting.delete(query));
    },
  };
  return {
    prunes,
    peers,
    leave: () => process.channel?.unref(),
    ready(addresses, given) {
      tasks = given;
      say({ kind: 'ready', addresses });
    },
  };
}

/** Whether this process is one of several workers. */
export const isWorker = cluster.isWorker;
