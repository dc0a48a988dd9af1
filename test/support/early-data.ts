import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { needProgram } from '../../scripts/programs.ts';
import { temporaryDirectory } from './postern.ts';
import { waitFor } from './wait.ts';

/** A client that holds a TLS 1.3 session of a server, and sends requests as early data with it (RFC 8446). */
export interface EarlyClient {
  /** Sends a request as early data; gives the answer as it came, to the end of the connection. */
  send(request: string): Promise<string>;
}

/** Gets a session of the server on this port. Lines of requests may end in \n alone. */
export async function connectEarly(t: TestContext, port: number): Promise<EarlyClient> {
  const directory = temporaryDirectory(t);
  const session = join(directory, 'session.pem');
  const start = (args: readonly string[]) => {
    const client = spawn(
      needProgram('openssl'),
      ['s_client', '-connect', `127.0.0.1:${port}`, '-tls1_3', '-quiet', ...args],
      { stdio: ['pipe', 'pipe', 'ignore'] },
    );
    t.after(() => void client.kill());
    return client;
  };
  const first = start(['-sess_out', session]);
  await waitFor('a session of TLS', () => existsSync(session));
  first.kill();
  return {
    send: (request) =>
      new Promise((resolve) => {
        const file = join(directory, 'request');
        writeFileSync(file, request.replace(/\r?\n/g, '\r\n'), 'latin1');
        const client = start(['-sess_in', session, '-early_data', file]);
        let text = '';
        client.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
        });
        client.once('close', () => resolve(text));
      }),
  };
}
