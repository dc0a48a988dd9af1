import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from '../scope.ts';

/** What a stand-in answers: as little as the real one says. */
export interface SignOnReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One question that reached a stand-in. */
export interface SignOnQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
}

/** A server in the place of a sign-on service. */
export interface SignOnServer {
  readonly url: string;
  readonly port: number;
  /** Questions so far. */
  readonly questions: SignOnQuestion[];
  /** The last question. */
  last(): SignOnQuestion;
  /** Connections that were opened so far, and most requests that were under way at once. */
  readonly counts: { connections: number; busiest: number; underWay: number };
  stop(): Promise<void>;
}

/** Starts a server that answers as the function says, and stops it after the test. */
export async function startAnswering(
  t: Scope,
  answer: (question: SignOnQuestion, response: ServerResponse) => void,
): Promise<SignOnServer> {
  const questions: SignOnQuestion[] = [];
  const counts = { connections: 0, busiest: 0, underWay: 0 };
  const server = createServer((request: IncomingMessage, response) => {
    counts.underWay++;
    counts.busiest = Math.max(counts.busiest, counts.underWay);
    response.on('close', () => counts.underWay--);
    const { method = '', url: path = '', headers, rawHeaders } = request;
    const question = { method, path, headers, rawHeaders };
    questions.push(question);
    answer(question, response);
  });
  server.on('connection', () => counts.connections++);
  const port = await listen(t, server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    questions,
    counts,
    last() {
      const last = questions.at(-1);
      if (last === undefined) throw new Error('nothing was asked');
      return last;
    },
    stop: () => stop(server),
  };
}

async function listen(t: Scope, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => stop(server));
  return (server.address() as AddressInfo).port;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
