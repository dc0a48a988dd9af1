import { sameOrigin } from '../../src/core/gate/origin.ts';
import { chooseReturnAddress } from '../../src/sessions/return-address.ts';
import { expect } from '../target.ts';
import { handshakeOf } from './sample.ts';

const host = 'app.example.com';

/** Where a browser goes after signing in, when this was asked for. */
export function readReturnAddress(asked: string): string {
  const address = chooseReturnAddress(asked, handshakeOf({ host }), sameOrigin);
  const url = new URL(address, `https://${host}`);
  const isHere = url.host === host || url.hostname === host;
  expect(isHere, 'signing in leads to a page of this host', { asked, address });
  expect(/^[\x21-\x7e]+$/.test(address), 'the address can stand in a header', address);
  return address === '/' ? 'to the start' : 'back';
}
