import { Worker } from 'node:worker_threads';
import { StoreUnavailable } from '../../core/model/errors.ts';
import type { TokenCount } from '../port/tokens.ts';
import { threadFile } from './thread-file.ts';

/** The task of a count thread. */
export interface CountTask {
  readonly path: string;
  readonly now: number;
}

/**
 * Counts tokens in a worker thread with its own read-only connection: a million tokens take most of a second,
 * which would block the event loop. The thread ends after the count, so it uses no memory in between.
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

  /** Cancels running counts, so that the store's connection is the last one to close. */
  close(): Promise<unknown> | undefined {
    if (this.#threads.size === 0) return undefined;
    return Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }
}
