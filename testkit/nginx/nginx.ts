import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NginxProcess, startNginx } from '../../src/proxies/nginx/process.ts';
import { temporaryDirectory } from '../directory.ts';
import type { Scope } from '../scope.ts';

/** A real nginx that a test started. */
export interface TestNginx extends NginxProcess {
  /** Where everything is that it writes. */
  readonly directory: string;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  errorLog(): string;
}

/** Options of startTestNginx: those of `startNginx`, with a directory of its own by default. */
export type TestNginxOptions = Omit<Parameters<typeof startNginx>[0], 'directory'> & {
  readonly directory?: string;
};

/**
 * Starts an nginx, any of `nginxPrograms` by its `program`, with this content of the http block, and stops it
 * after the test.
 *
 * @example
 * const nginx = await startTestNginx(t, {
 *   http: (port) => `server { listen 127.0.0.1:${port}; return 204; }`,
 * });
 */
export async function startTestNginx(t: Scope, options: TestNginxOptions): Promise<TestNginx> {
  const directory = options.directory ?? temporaryDirectory(t);
  const nginx = await startNginx({ ...options, directory });
  t.after(() => nginx.close());
  return {
    ...nginx,
    directory,
    url: `http://127.0.0.1:${nginx.port}`,
    errorLog: () => readFileSync(join(directory, 'error.log'), 'utf8'),
  };
}
