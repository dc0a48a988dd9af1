import { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../../core/model/errors.ts';
import type { TokenCount } from '../port.ts';
import { threadFile } from './thread-file.ts';

/** What the thread is to count. */
export interface CountTask {
  readonly path: string;
  readonly now: number;
}

/**
 * Counts tokens in a thread with a connection of its own, which can only read: with a million of them it
 * takes most of a second, in which the event loop would stand still. The thread ends with the count, so
 * that it costs nothing in between.
 */
export class TokenCounter {
  readonly #path: string;
  readonly #threads = new Set<Worker>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Rejects with StoreUnavailable. */
  count(now: number): Promise<readonly TokenCount[]> {
    return new Promise((resolve, reject) => {
      const thread = new Worker(threadFile('count-thread'), {
        workerData: { path: this.#path, now } satisfies CountTask,
        resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
      });
      this.#threads.add(thread);
      thread.unref();
      thread.once('message', resolve);
      thread.once('error', (cause: Error) => {
        reject(new StoreUnavailable(`token store: ${cause.message}`, { cause }));
      });
      thread.once('exit', () => {
        this.#threads.delete(thread);
        reject(new StoreUnavailable('token store: counting was cancelled'));
      });
    });
  }

  /** Gives up what is not counted yet, so that whoever closes the database is its last user. */
  close(): Promise<unknown> | undefined {
    if (this.#threads.size === 0) return undefined;
    return Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }
}
