import type { Socket } from 'node:net';
import type { Outcome } from './answer.ts';
import { type DialOptions, type DialResult, dial, secure } from './dial.ts';
import { readAnswer } from './read-answer.ts';
import { type ProbeRequest, renderRequest } from './request.ts';
import type { Target } from './target.ts';

/** A connection to the target that is ready for HTTP/1.1. */
export async function open(
  target: Target,
  address: string,
  options: DialOptions,
): Promise<DialResult<Socket>> {
  const port = target.connect?.port ?? target.port;
  const dialled = await dial(address, port, options);
  if (dialled.kind === 'failed' || !target.secure) return dialled;
  return secure(dialled.socket, target, ['http/1.1'], options);
}

/** Sends one request over a connection of its own, and reads the answer. Follows nothing. */
export async function exchange(
  target: Target,
  address: string,
  request: ProbeRequest,
  options: DialOptions,
): Promise<Outcome> {
  const bytes = renderRequest(target, request);
  const opened = await open(target, address, options);
  if (opened.kind === 'failed') {
    return { kind: 'failed', code: 'closed-without-answer', detail: opened.detail };
  }
  opened.socket.write(Buffer.from(bytes, 'latin1'));
  return readAnswer(opened.socket, options.timeout);
}
