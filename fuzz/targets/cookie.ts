import { isDenial } from '../../src/core/model/verdict.ts';
import { cookieSource } from '../../src/credentials/cookie.ts';
import { several } from '../../testkit/random.ts';
import { expect, type Target } from '../target.ts';
import { gateNames, handshakeOf, tokenWords } from './sample.ts';

const names = [
  '__Host-postern',
  'postern_token',
  ' postern_token',
  'POSTERN_TOKEN',
  '$Version',
  '',
];

/** The `Cookie` header. */
export const cookie: Target = {
  seeds: [
    'postern_token=abc',
    'a=b; __Host-postern="a%2Fb"; postern_token=c',
    'postern_token=a; postern_token=b',
    'postern_token=; b',
    '\u00a0postern_token=x;\tpostern_token\t=\ty\t',
  ],
  words: [...names, ...tokenWords, '; ', '=', '"', '%41'],
  longest: 65_536,
  generate: (random) =>
    several(random, 6, () => {
      const name = random.pick([...names, 'other']);
      const value = random.pick([...tokenWords, '"quoted"', '%', '%zz', 'a,b', '\u00e9']);
      return `${name}${random.pick(['=', ' = ', '', '=='])}${value}`;
    }).join(random.pick(['; ', ';', ',', ' ;\t'])),
  run(header) {
    const extract = (text: string) =>
      cookieSource.extract(handshakeOf({ cookie: text }), gateNames);
    const found = extract(header);
    if (found === undefined) return 'nothing';
    if (isDenial(found)) return found.reason;
    const { value } = found;
    expect(/^[\x21-\x7e]{1,8192}$/.test(value), 'a credential is printable', value);
    const holds = header.includes(value) || header.includes('%');
    expect(holds, 'a credential stands in the header', value);
    const again = extract(`postern_token=${encodeURIComponent(value)}`);
    const same = again !== undefined && !isDenial(again) && again.value === value;
    expect(same || encodeURIComponent(value).length > 8_192, 'it can be presented again', value);
    // A cookie of another name beside it changes nothing.
    const beside = extract(`${header}; unrelated=1`);
    const unchanged = beside !== undefined && !isDenial(beside) && beside.value === value;
    expect(unchanged, 'another cookie changes nothing');
    return 'found';
  },
};
