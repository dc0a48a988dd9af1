import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { needPython } from '../../../scripts/python.ts';
import type { Scope } from '../../scope.ts';

/** Applications in Python that refuse handshakes, each in the words of its framework. */
export type PythonApplication =
  | 'tornado'
  | 'websockets'
  | 'uvicorn'
  | 'django-debug'
  | 'django-production';

/** Starts an application on a loopback port, stops it after the test, and gives the port. */
export function startPythonApplication(t: Scope, kind: PythonApplication): Promise<number> {
  const program = join(import.meta.dirname, 'applications.py');
  const child = spawn(needPython(), [program, kind], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  t.after(() => {
    child.kill();
    return ended;
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = `${errors}${chunk}`.slice(-4_000);
  });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(Number(String(chunk))));
    child.once('close', () => reject(new Error(`${kind} ended: ${errors}`)));
  });
}

/** Starts an application on Node.js: what it does with a page load, and with a handshake. */
export async function startNodeApplication(
  t: Scope,
  page: RequestListener,
  upgrade?: (socket: Duplex, request: IncomingMessage) => void,
): Promise<number> {
  const server = createServer(page);
  if (upgrade !== undefined) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      socket.on('error', () => {});
      upgrade(socket, request);
    });
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}
