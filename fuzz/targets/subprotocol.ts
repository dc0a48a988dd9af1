import { renderAllowHeaders } from '../../src/admission/answer-headers.ts';
import { parseSubprotocolOffer } from '../../src/core/gate/subprotocol.ts';
import { identityWithoutToken } from '../../src/core/model/identity.ts';
import { isDenial } from '../../src/core/model/verdict.ts';
import { subprotocolSource } from '../../src/credentials/subprotocol.ts';
import { several } from '../../testkit/random.ts';
import { expect, type Target } from '../target.ts';
import { gateNames, handshakeOf, tokenWords } from './sample.ts';

const parts = [
  ...['chat', 'postern', 'Postern', 'graphql-ws', 'postern.bearer.', 'postern.bearer64.', 'a b'],
  ...[
    'postern.bearer.abc',
    'postern.bearer64.YWJj',
    'postern.bearer64.YWJ',
    'POSTERN.BEARER.x',
    '',
  ],
  ...['phoenix', 'base64url.bearer.phx.YWJj', 'base64url.bearer.phx.YW>', 'acme-YWJj', 'acme-'],
  ...['v1.token.websocket.jupyter.org', 'v1.token.websocket.jupyter.org.a%62c', 'bearer', 'Bearer'],
];
/** All prefixes of tokens at the sample gate. */
const carrier =
  /^(?:postern\.bearer(?:64)?\.|base64url\.bearer\.phx\.|acme-|v1\.token\.websocket\.jupyter\.org\.)/;
const gate = { ...gateNames, headers: [], cacheTtl: 0 };
const identity = identityWithoutToken('public', '');

/** `Sec-WebSocket-Protocol`, and what goes on of it. */
export const subprotocol: Target = {
  seeds: [
    'chat, postern.bearer.abc',
    'postern, postern.bearer64.YWI',
    'postern.bearer.a,postern.bearer.b',
    'a,,b',
    'a, a',
    'postern.bearer64.!',
    'phoenix, base64url.bearer.phx.YWJj',
    'v1.token.websocket.jupyter.org, v1.token.websocket.jupyter.org.a%62c',
    'chat, bearer, abc',
    'abc, bearer',
  ],
  words: [...parts, ...tokenWords, ', ', ','],
  longest: 65_536,
  generate: (random) =>
    several(random, 5, () => random.pick(parts) + random.pick(['', '', ...tokenWords])).join(
      random.pick([', ', ',', ' , ', ',,']),
    ),
  run(header) {
    const handshake = handshakeOf({ subprotocols: header });
    const found = subprotocolSource.extract(handshake, gateNames);
    const verdict = { verdict: 'allow', identity, source: 'public' } as const;
    const forwarded = renderAllowHeaders({
      gate,
      handshake,
      verdict,
      assertion: undefined,
      now: 0,
    });
    for (const [name, value] of forwarded) {
      expect(/^[\t\x20-\x7e]*$/.test(value), 'what goes on can stand in a header', [name, value]);
      const names = value.split(',').map((one) => one.trim());
      expect(!names.some((one) => carrier.test(one)), 'no token goes on', value);
      // Told by other means: what follows `bearer` in the list as sent.
      const sent = header.split(',').map((one) => one.trim());
      const followers = sent.filter((_, i) => sent[i - 1] === 'bearer');
      expect(!names.some((one) => followers.includes(one)), 'nor one behind "bearer"', value);
    }
    const offer = parseSubprotocolOffer(header, gateNames);
    if (offer !== undefined) {
      const again = parseSubprotocolOffer(offer.application.join(', '), gateNames);
      const same = again === undefined || again.application.join() === offer.application.join();
      expect(same, 'what was read can be read again');
    }
    if (found === undefined) return offer === undefined ? 'no offer' : 'nothing';
    if (isDenial(found)) return found.reason;
    expect(/^[\x21-\x7e]{1,16384}$/.test(found.value), 'a credential is printable');
    const encoded = Buffer.from(found.value).toString('base64url');
    const again = subprotocolSource.extract(
      handshakeOf({ subprotocols: `postern.bearer64.${encoded}` }),
      gateNames,
    );
    const same = again !== undefined && !isDenial(again) && again.value === found.value;
    expect(same, 'it can be presented again', found.value);
    return 'found';
  },
};
