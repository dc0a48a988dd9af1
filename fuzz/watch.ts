import { Worker } from 'node:worker_threads';
import { heartbeatMemory, openHeartbeat } from './heartbeat.ts';
import type { Report, Task } from './messages.ts';

/**
 * Lets a worker thread try inputs on one target, and watches it: a thread that stays with one input
 * for longer than `hangMs` is ended, and that input is the failure.
 */
export function watchTask(task: Omit<Task, 'memory'>, hangMs: number): Promise<Report> {
  const memory = heartbeatMemory();
  const heartbeat = openHeartbeat(memory);
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { ...task, memory } satisfies Task,
    });
    let last = heartbeat.count();
    let movedAt = performance.now();
    const timer = setInterval(() => {
      const count = heartbeat.count();
      const now = performance.now();
      // Before the first input it loads, and takes as long as it takes.
      if (count !== last || count === 0) {
        last = count;
        movedAt = now;
      } else if (now - movedAt > hangMs) {
        const input = heartbeat.current();
        finish(failed(input, `no answer within ${hangMs / 1_000} s: it hangs`));
      }
    }, 200);
    const failed = (input: string, words: string): Report => ({
      target: task.target,
      inputs: heartbeat.count(),
      ms: performance.now() - startedAt,
      outcomes: [],
      interesting: [],
      failure: { input, words },
    });
    const end = () => {
      clearInterval(timer);
      return worker.terminate();
    };
    const finish = (report: Report) => void end().then(() => resolve(report), reject);
    worker.once('message', finish);
    worker.once('error', (error) => {
      // Before the first input it is the harness that is broken.
      if (heartbeat.count() === 0) void end().then(() => reject(error), reject);
      else finish(failed(heartbeat.current(), error.stack ?? error.message));
    });
  });
}
