import type { IncomingMessage, ServerResponse } from 'node:http';
import { type MaybePromise, mapMaybePromise, tryMaybePromise } from '../lib/maybe-promise.ts';
import type { NetworkSet } from '../lib/network.ts';
import type { Answer, AnswerSubrequest } from './answer.ts';
import { readSubrequest } from './read-subrequest.ts';

type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

/** Nothing that a client could send to another location and nginx might pass on unchanged. */
const subrequestTarget = /^\/auth(?:\/[a-z0-9_-]+)?(?:\?|$)/;

/**
 * True for nginx's subrequest: any method, with or without a query. nginx appends the gate's name to the path
 * where `proxy_pass` has no variables; it is read from `X-Postern-Auth-URI`, which tells it in any case.
 */
export function isSubrequest({ url = '' }: IncomingMessage): boolean {
  return subrequestTarget.test(url);
}

/**
 * Request handler for subrequests, on Node's own request and response: routing and hooks of a framework
 * would take longer than the decision. The body of a subrequest is not read.
 *
 * Batching: subrequests that arrived in one turn of the event loop are decided together at its end. The
 * store can answer their look-ups together. And nginx, which sleeps while it waits, is woken once.
 */
export function createAuthHandler(dependencies: {
  /** The services in force. */
  readonly current: () => {
    readonly config: { readonly gate: { readonly trustedProxies: NetworkSet } };
    readonly answer: AnswerSubrequest;
  };
  /** Whether the service is stopping, so that connections are to be closed. */
  readonly isClosing: () => boolean;
  /** Reports an error that must not happen. */
  readonly failed: (error: unknown) => void;
}): (request: IncomingMessage, response: ServerResponse) => void {
  const { current, isClosing, failed } = dependencies;
  let arrived: Exchange[] = [];

  /** Undefined after an error: the connection is closed then, which nginx takes for a failed subrequest. */
  function find(request: IncomingMessage): MaybePromise<Answer | undefined> {
    return tryMaybePromise<Answer | undefined>(
      () => {
        const { answer, config } = current();
        return answer(readSubrequest(request, config.gate.trustedProxies));
      },
      (error) => void failed(error),
    );
  }

  function reply([request, response]: Exchange, found: Answer | undefined): void {
    try {
      if (found === undefined) response.destroy();
      else write(request, response, found);
    } catch (error) {
      failed(error);
      response.destroy();
    }
  }

  function write(request: IncomingMessage, response: ServerResponse, { status, headers }: Answer) {
    const lines = ['Content-Length', '0'];
    for (const [name, value] of headers) lines.push(name, value);
    // Some configurations announce a body and send none, which makes the connection unusable.
    if (isClosing() || announcesBody(request)) lines.push('Connection', 'close');
    response.writeHead(status, lines).end();
  }

  function replyToAll(): void {
    const all = arrived;
    arrived = [];
    // Decide all before writing the first answer: nginx sleeps whenever it has read all answers, and each
    // wake-up costs as much as a decision.
    const answers = all.map(([request]) => find(request));
    for (const [index, exchange] of all.entries()) {
      mapMaybePromise(answers[index], (found) => reply(exchange, found));
    }
  }

  return (request, response) => {
    if (arrived.length === 0) setImmediate(replyToAll);
    arrived.push([request, response]);
  };
}

function announcesBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
}
