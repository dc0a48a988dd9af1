import { parentPort, workerData } from 'node:worker_threads';
import type { CheckpointTask, WalState } from './checkpoints.ts';
import { openDatabase } from './database.ts';

/** Pages in the log from which writers are made to wait, briefly, so that it can begin anew. */
const longLog = 4_000;

// A thread of its own with a connection of its own: see checkpoints.ts.
const db = openDatabase(workerData as string, { fileMustExist: true });
db.pragma('synchronous = 2');

parentPort?.on('message', (task: CheckpointTask) => {
  if (task === 'close') {
    db.close();
    parentPort?.close();
    return;
  }
  const [{ log }] = db.pragma('wal_checkpoint(PASSIVE)') as [WalState];
  // While somebody writes all the time, the log is never copied to its end unless they wait for it.
  if (log >= longLog) db.pragma('wal_checkpoint(RESTART)');
  parentPort?.postMessage('done');
});
