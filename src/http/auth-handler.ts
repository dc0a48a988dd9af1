import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NetworkSet } from '../core/network.ts';
import type { AnswerSubrequest } from '../services/answer.ts';
import { readSubrequest } from './inbound.ts';

/** True for nginx's question: any method, with or without a query. */
export function isSubrequest({ url = '' }: IncomingMessage): boolean {
  return url === '/auth' || url.startsWith('/auth?');
}

/**
 * Answers a subrequest on Node's own request and response. This is what a server does all day, and
 * a framework's routing and hooks would take longer than the decision. Whatever a subrequest brings
 * along as a body, nobody needs it and nothing of it is read.
 */
export function createAuthHandler(dependencies: {
  readonly answer: AnswerSubrequest;
  readonly trustedProxies: NetworkSet;
  /** Whether connections are to be given up, since the service stops. */
  readonly isClosing: () => boolean;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { answer, trustedProxies, isClosing } = dependencies;
  return async (request, response) => {
    const { status, headers } = await answer(readSubrequest(request, trustedProxies));
    const lines = ['Content-Length', '0'];
    for (const [name, value] of headers) lines.push(name, value);
    // Some configurations announce a body and send none; the connection cannot be used again then.
    if (isClosing() || announcesBody(request)) lines.push('Connection', 'close');
    response.writeHead(status, lines).end();
  };
}

function announcesBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined;
}
