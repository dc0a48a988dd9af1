import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createRawServer,
  type Server as RawServer,
} from 'node:net';
import type { Mode } from './configuration.ts';

/** Everything that nginx may reach, and what arrived there. */
export interface Services {
  readonly backend: string;
  readonly gates: Readonly<Record<Mode, string>>;
  /** Times that each request was asked about, by its id. */
  readonly asked: ReadonlyMap<string, number>;
  /** What arrived at the auth service and is no question of nginx's. */
  readonly strange: readonly string[];
  /** Paths that arrived at the application, by the id of the request. */
  readonly served: ReadonlyMap<string, readonly string[]>;
  close(): Promise<void>;
}

/** Finds the id of a request wherever it stands. */
export const idPattern = /\bc\d+r\d+\b/;

/** What Postern answers to a sign-in, which has to reach the client as it is. */
export const signInHead = {
  'set-cookie': 'postern_token=of-the-test; Path=/; HttpOnly',
  location: 'http://postern.test/next',
  'content-type': 'application/json',
  'x-frame-options': 'SAMEORIGIN',
} as const;

export const signInBody = (method: string, body: string) => `{"${method}":${body || 'null'}}`;

/** Starts them. */
export async function startServices(): Promise<Services> {
  const asked = new Map<string, number>();
  const strange: string[] = [];
  const served = new Map<string, string[]>();

  const gate = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    const { url = '', headers, method = '' } = request;
    if (url.startsWith('/.postern/')) return answerSignIn(request, response);
    const about = headers['x-original-uri'];
    // A sign-in that a line of the server leads elsewhere has none.
    const id = idPattern.exec(String(about))?.[0] ?? 'nobody';
    const announces = (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'];
    if (url !== '/auth' || method !== 'GET' || about === undefined || announces) {
      strange.push(`${method} ${url} of ${headers.host}`);
      return response.writeHead(200, { 'content-length': 0 }).end();
    }
    asked.set(id, (asked.get(id) ?? 0) + 1);
    answerQuestion(/verdict=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? '401', response);
  });
  gate.on('clientError', (error, socket) => {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') strange.push(error.message);
    socket.destroy();
  });

  const backend = createServer((request, response) => {
    note(request);
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
    });
    request.on('end', () => response.end(`application ${request.url} ${size}`));
  });
  backend.on('upgrade', (request, socket) => {
    note(request);
    socket.on('error', () => {});
    socket.end(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
  });
  backend.on('clientError', (_error, socket) => socket.destroy());

  function note({ url = '', headers }: IncomingMessage): void {
    const id = idPattern.exec(`${url} ${headers['x-case'] ?? ''}`)?.[0] ?? 'nobody';
    served.set(id, [...(served.get(id) ?? []), url]);
  }

  const hung = createRawServer((socket) => void socket.on('error', () => {}).resume());
  const down = createRawServer();
  const [backendPort, up, hungPort, downPort] = await Promise.all(
    [backend, gate, hung, down].map(listen),
  );
  await close(down);
  const at = (port = 0) => `127.0.0.1:${port}`;
  return {
    backend: `http://${at(backendPort)}`,
    gates: { up: at(up), hung: at(hungPort), down: at(downPort) },
    asked,
    strange,
    served,
    close: async () => {
      gate.closeAllConnections();
      backend.closeAllConnections();
      await Promise.all([gate, backend, hung].map(close));
    },
  };
}

function answerSignIn(request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request.setEncoding('latin1').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    response.writeHead(200, signInHead).end(signInBody(request.method ?? '', body));
  });
}

const answers: Readonly<Record<string, readonly [number, Record<string, string>]>> = {
  allow: [200, { 'remote-user': 'alice', 'cache-control': 'max-age=60' }],
  '401': [401, { 'www-authenticate': 'Bearer realm="test"' }],
  '403': [403, {}],
  throttled: [401, { 'x-postern-status': '429', 'retry-after': '7' }],
  '500': [500, {}],
  '302': [302, { location: '/x' }],
  '503': [503, { 'cache-control': 'max-age=60' }],
};

function answerQuestion(verdict: string, response: ServerResponse): void {
  const [status, headers] = answers[verdict] ?? [401, {}];
  response.writeHead(status, { 'content-length': 0, ...headers }).end();
}

function listen(server: Server | RawServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', 4_096, () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server | RawServer): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()));
}
