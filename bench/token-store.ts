import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openOfflineAdmin } from '../src/app/offline-admin.ts';
import { loadConfig } from '../src/config/load.ts';
import { renderCookie } from './handshake.ts';

/** A token store with many tokens, and requests that present them. */
export interface FilledStore {
  readonly dataDir: string;
  /** The Cookie header of one of them. */
  readonly cookie: string;
  /** One Cookie header per line, for wrk. */
  readonly cookieFile: string;
}

/** Number of tokens; all are presented in turn. */
export const tokenCount = 10_000;

/** Creates the store as `postern token create --store` does, before a service opens it. */
export async function createTokenStore(
  directory: string,
  signal: AbortSignal,
): Promise<FilledStore> {
  const dataDir = join(directory, 'data');
  const { config } = loadConfig({ env: { POSTERN_DATA_DIR: dataDir } });
  const admin = await openOfflineAdmin(config);
  const cookies: string[] = [];
  try {
    for (let i = 0; i < tokenCount; i++) {
      signal.throwIfAborted();
      const body = { subject: `user-${i}`, claims: { email: `user-${i}@example.com` } };
      const answer = await admin.send('POST', '/v1/tokens', body);
      if (answer.status !== 201) throw new Error(`no token: ${JSON.stringify(answer.body)}`);
      cookies.push(renderCookie((answer.body as { token: string }).token));
    }
  } finally {
    await admin.close();
  }
  const cookieFile = join(directory, 'cookies');
  writeFileSync(cookieFile, cookies.map((cookie) => `Cookie\t${cookie}\n`).join(''));
  return { dataDir, cookie: cookies[0] ?? '', cookieFile };
}
