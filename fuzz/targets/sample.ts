import type { Gate } from '../../src/core/gate/gate.ts';
import type { Handshake } from '../../src/core/gate/handshake.ts';
import { aHandshake } from '../../testkit/examples.ts';

/** A handshake about which nothing is remarkable but these facts. */
export function handshakeOf(facts: Partial<Handshake>): Handshake {
  return aHandshake({
    path: '/',
    origin: undefined,
    clientAddress: undefined,
    ...facts,
  });
}

/** What credential sources read of a gate. */
export const gateNames = {
  cookieNames: ['__Host-postern', 'postern_token'],
  queryNames: ['token', 'access.key'],
} as unknown as Gate;

/** Text that looks like a token of some kind. */
export const tokenWords = [
  'pst_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg0abcde',
  'eyJhbGciOiJub25lIn0.e30.',
  's3cr%25t',
  'x',
  '',
] as const;
