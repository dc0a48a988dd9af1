import { openUnrecordedStore } from '../../../testkit/store.ts';

/** What the worker is told: open this store, then redeem these tickets one after the other. */
export interface WorkerTask {
  readonly dataDir: string;
  readonly redeem: readonly string[];
  readonly now: number;
}

/** What the worker says: that it is there, and for each task which tickets it got or what stopped it. */
export type WorkerReport = 'ready' | { readonly won: string[] } | { readonly failed: string };

// A process of its own, for tests of what happens between two of them.
process.on('message', async (task: WorkerTask) => {
  report(await work(task).catch((error: Error) => ({ failed: error.message })));
});
report('ready');

async function work({ dataDir, redeem, now }: WorkerTask): Promise<WorkerReport> {
  const store = openUnrecordedStore(dataDir);
  const won: string[] = [];
  for (const id of redeem) if (await store.tokens.redeem(id, now)) won.push(id);
  await store.close();
  return { won };
}

function report(message: WorkerReport): void {
  process.send?.(message);
}
