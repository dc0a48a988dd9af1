import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { anEntry } from '../../testkit/postern/audit.ts';
import { newToken } from '../store/contract.ts';

/** What a writer does: so many tokens in this store, one after the other, each told when it is there. */
export interface WriterTask {
  readonly dataDir: string;
  readonly count: number;
}

// A process of its own, for tests of what happens between two of them, or when one is killed.
const [name = '', task = ''] = process.argv.slice(2);
const { dataDir, count } = JSON.parse(task) as WriterTask;
const store = openSqliteStore(dataDir);
for (let i = 0; i < count; i++) {
  const id = `${name}-${i}`;
  await store.tokens.insert(newToken(id), anEntry({ event: 'issue', tokenId: id }));
  process.send?.(id);
}
await store.close();
process.disconnect();
