import type { IncomingMessage, ServerResponse } from 'node:http';
import { type MaybePromise, mapMaybePromise, tryMaybePromise } from '../lib/maybe-promise.ts';
import type { NetworkSet } from '../lib/network.ts';
import type { Store } from '../store/port.ts';
import type { Answer, AnswerSubrequest } from './answer.ts';
import { readSubrequest } from './read-subrequest.ts';

type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

/** Nothing that a client could send to another location, which nginx might pass on as it came. */
const subrequestTarget = /^\/auth(?:\/[a-z0-9_-]+)?(?:\?|$)/;

/**
 * True for nginx's subrequest: any method, with or without a query. nginx appends the gate's name to the path
 * where `proxy_pass` has no variables; it is read from `X-Postern-Auth-URI`, which tells it in any case.
 */
export function isSubrequest({ url = '' }: IncomingMessage): boolean {
  return subrequestTarget.test(url);
}

/**
 * Answers subrequests on Node's own request and response. This is what a server does all day, and a
 * framework's routing and hooks would take longer than the decision. Whatever a subrequest brings
 * along as a body, nobody needs it and nothing of it is read.
 *
 * What arrived in one turn of the event loop is decided together at its end. So the store is asked
 * once for all of them whether anything changed, after the last of them had arrived: no decision
 * rests on what was true before its question. And nginx, which sleeps while it waits, is woken once.
 */
export function createAuthHandler(dependencies: {
  readonly answer: AnswerSubrequest;
  readonly trustedProxies: NetworkSet;
  readonly openSnapshot: Store['openSnapshot'];
  /** Whether connections are to be given up, since the service stops. */
  readonly isClosing: () => boolean;
  /** Hears of what must not happen. */
  readonly failed: (error: unknown) => void;
}): (request: IncomingMessage, response: ServerResponse) => void {
  const { answer, trustedProxies, openSnapshot, isClosing, failed } = dependencies;
  let arrived: Exchange[] = [];
  let closeSnapshot = () => {};

  /** Undefined when there is no answer, which is no admission either: nginx gets none. */
  function find(request: IncomingMessage): MaybePromise<Answer | undefined> {
    return tryMaybePromise<Answer | undefined>(
      () => answer(readSubrequest(request, trustedProxies)),
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
    // Some configurations announce a body and send none; the connection cannot be used again then.
    if (isClosing() || announcesBody(request)) lines.push('Connection', 'close');
    response.writeHead(status, lines).end();
  }

  function replyToAll(): void {
    const all = arrived;
    arrived = [];
    closeSnapshot = openSnapshot();
    // All is decided before the first answer is written: each time that nginx has caught up with the
    // answers it goes to sleep, and waking it costs as much as a decision.
    const answers = all.map(([request]) => find(request));
    for (const [index, exchange] of all.entries()) {
      mapMaybePromise(answers[index], (found) => reply(exchange, found));
    }
  }

  return (request, response) => {
    if (arrived.length === 0) {
      setImmediate(replyToAll);
      // In the same turn, when all is decided that does not have to wait for others.
      setImmediate(() => closeSnapshot());
    }
    arrived.push([request, response]);
  };
}

function announcesBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
}
