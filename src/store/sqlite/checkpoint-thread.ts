import { parentPort, workerData } from 'node:worker_threads';
import type { CheckpointTask, WalState } from './checkpoints.ts';
import { openDatabase } from './database.ts';

/** Pages in the log from which writers have to wait, briefly, so that the log can restart. */
const restartPages = 4_000;

// Runs in a worker thread with its own connection: see checkpoints.ts.
const db = openDatabase(workerData as string, { fileMustExist: true });
db.pragma('synchronous = 2');

parentPort?.on('message', (task: CheckpointTask) => {
  if (task === 'close') {
    db.close();
    parentPort?.close();
    return;
  }
  const [{ log }] = db.pragma('wal_checkpoint(PASSIVE)') as [WalState];
  // Under constant writes a passive checkpoint never reaches the end of the log.
  if (log >= restartPages) db.pragma('wal_checkpoint(RESTART)');
  parentPort?.postMessage('done');
});
