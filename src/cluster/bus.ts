import type { Notices, Questions } from './messages.ts';

/**
 * Messages between the processes that serve one store (publish and subscribe, broadcast queries).
 * Today these are the workers of one machine, over Node's IPC.
 */
export interface ClusterBus {
  /** Whether there are other processes at all. */
  readonly isShared: boolean;
  /** Tells all other processes. Delivery is not confirmed. */
  publish<Topic extends keyof Notices>(topic: Topic, content: Notices[Topic]): void;
  /** Asks all other processes; resolves with the answers that came in time. Never rejects. */
  query<Topic extends keyof Questions>(
    topic: Topic,
    content: Questions[Topic]['content'],
  ): Promise<readonly Questions[Topic]['answer'][]>;
}

/** How a process handles the messages of the others, by topic. */
export interface ClusterHandlers {
  readonly notices: { [Topic in keyof Notices]: (content: Notices[Topic]) => void };
  readonly questions: {
    [Topic in keyof Questions]: (
      content: Questions[Topic]['content'],
    ) => Questions[Topic]['answer'] | Promise<Questions[Topic]['answer']>;
  };
}

/** The bus of a process that serves its store alone. */
export const singleProcess: ClusterBus = {
  isShared: false,
  publish() {},
  query: async () => [],
};
