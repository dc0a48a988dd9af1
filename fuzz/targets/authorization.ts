import { isDenial } from '../../src/core/model/verdict.ts';
import { basicSource, bearerSource } from '../../src/credentials/authorization.ts';
import { expect, type Target } from '../target.ts';
import { gateNames, handshakeOf, tokenWords } from './sample.ts';

const encode = (text: string) => Buffer.from(text).toString('base64');

/** `Authorization`, of both schemes. */
export const authorization: Target = {
  seeds: [
    'Bearer abc',
    'bearer  abc ',
    `Basic ${encode('token:abc')}`,
    `BASIC ${encode('alice:a:b')}`,
    `Basic ${encode('nocolon')}`,
    'Basic a=b',
    'Bearer a b',
    'Digest a',
  ],
  words: ['Bearer ', 'Basic ', ' ', '=', ...tokenWords, encode('token:x'), encode(':'), '\t'],
  longest: 65_536,
  generate(random) {
    const token = random.pick(tokenWords);
    const pair = `${random.pick(['token', 'alice', '', 'to:ken'])}:${token}`;
    const value = random.pick([token, encode(pair), encode(pair).replace(/=+$/, '')]);
    return `${random.pick(['Bearer', 'Basic', 'bEaReR', ''])}${random.pick([' ', '  ', ''])}${value}`;
  },
  run(header) {
    const handshake = handshakeOf({ authorization: header });
    const bearer = bearerSource.extract(handshake, gateNames);
    const basic = basicSource.extract(handshake, gateNames);
    expect(bearer === undefined || basic === undefined, 'a header is of one scheme');
    const found = bearer ?? basic;
    if (found === undefined) return 'nothing';
    if (isDenial(found)) return `${bearer === undefined ? 'basic' : 'bearer'} ${found.reason}`;
    expect(/^[\x21-\x7e]{1,16384}$/.test(found.value), 'a credential is printable');
    if (bearer !== undefined) {
      expect(header.includes(found.value), 'a credential stands in the header');
      return 'bearer found';
    }
    const [, encoded = ''] = header.split(/[ \t]+/).filter(Boolean);
    const decoded = Buffer.from(encoded, 'base64').toString('latin1');
    expect(/^[A-Za-z0-9+/]+=*$/.test(encoded), 'it is base64 and nothing else', encoded);
    const { claimedSubject = 'token', value } = found;
    const told = Buffer.from(`${claimedSubject}:${value}`).toString('latin1');
    // Bytes that are no UTF-8 become U+FFFD in a name, which then is nobody's.
    expect(claimedSubject.includes('\ufffd') || decoded === told, 'it decodes to that', decoded);
    return 'basic found';
  },
};
