import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import type { Scope } from '../scope.ts';

/** An answer of the stand-in; no status is no answer at all. */
export interface AuthServiceAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Something else than Postern where nginx expects it. */
export interface AuthService {
  readonly gate: ListenAddress & { kind: 'tcp' };
  /** What nginx asked so far. */
  readonly asked: IncomingMessage[];
  /** What the next question gets. */
  answer: (request: IncomingMessage) => AuthServiceAnswer;
}

/** Starts one, and stops it after the test. */
export async function startAuthService(
  t: Scope,
  answer: AuthService['answer'],
): Promise<AuthService> {
  const server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
    standIn.asked.push(request);
    const { status, headers = {} } = standIn.answer(request);
    if (status !== undefined) response.writeHead(status, { 'content-length': 0, ...headers }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const standIn: AuthService = {
    gate: { kind: 'tcp', host: '127.0.0.1', port },
    asked: [],
    answer,
  };
  return standIn;
}
