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
];
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
      expect(!/(?:^|, *)postern\.bearer(64)?\./.test(value), 'no token goes on', value);
    }
    const offer = parseSubprotocolOffer(header);
    if (offer !== undefined) {
      const again = parseSubprotocolOffer([...offer.application, ...offer.tokens].join(', '));
      const same = again === undefined || again.application.join() === offer.application.join();
      expect(same, 'what was read can be read again');
    }
    if (found === undefined) return offer === undefined ? 'no offer' : 'nothing';
    if (isDenial(found)) return found.reason;
    expect(/^[\x21-\x7e]{1,8192}$/.test(found.value), 'a credential is printable');
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
