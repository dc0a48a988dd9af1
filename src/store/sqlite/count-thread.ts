import { parentPort, workerData } from 'node:worker_threads';
import type { TokenCount } from '../port/tokens.ts';
import { openDatabase } from './database.ts';
import type { CountTask } from './token-counter.ts';
import { stateConditions } from './token-list.ts';

const cases = Object.entries(stateConditions).map(
  ([state, condition]) => `WHEN ${condition} THEN '${state}'`,
);
const sql = `SELECT kind, CASE ${cases.join(' ')} END AS state, count(*) AS count
  FROM token GROUP BY kind, state`;

// Runs in a worker thread with its own connection: see token-counter.ts.
const { path, now } = workerData as CountTask;
const db = openDatabase(path, { readonly: true, fileMustExist: true });
try {
  const counts = db.prepare<[{ now: number }], TokenCount>(sql).all({ now });
  parentPort?.postMessage(counts);
} finally {
  db.close();
}
