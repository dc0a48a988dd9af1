import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openOfflineAdmin } from '../src/app/offline-admin.ts';
import { loadConfig } from '../src/config/load.ts';
import { renderCookie } from './handshake.ts';

/** A token store with many tokens in it, and a way to present each of them. */
export interface FilledStore {
  readonly dataDir: string;
  /** The Cookie header that presents one of them. */
  readonly cookie: string;
  /** One Cookie header a line, for wrk. */
  readonly cookieFile: string;
}

/** How many tokens the store holds. All of them are presented in turn. */
export const tokenCount = 10_000;

/** Makes the store the way `postern token create --store` does, before any service opens it. */
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
