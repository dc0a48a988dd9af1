import { createHash } from 'node:crypto';
import { type Answer, headerOf } from './answer.ts';

/** What is wrong with a 101, in words; undefined when a client would take it. */
export function findBadAccept(answer: Answer, key: string): string | undefined {
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  const upgrade = headerOf(answer, 'upgrade');
  const connection = headerOf(answer, 'connection');
  const given = headerOf(answer, 'sec-websocket-accept');
  if (upgrade?.toLowerCase() !== 'websocket') return `Upgrade is ${upgrade ?? 'absent'}`;
  if (
    !connection
      ?.toLowerCase()
      .split(/\s*,\s*/)
      .includes('upgrade')
  ) {
    return `Connection is ${connection ?? 'absent'}`;
  }
  if (given === undefined) return 'Sec-WebSocket-Accept is absent';
  return given === accept ? undefined : 'Sec-WebSocket-Accept does not fit the key';
}
