import { isDenial } from '../../src/core/model/verdict.ts';
import { querySource } from '../../src/credentials/query.ts';
import { several } from '../../testkit/random.ts';
import { expect, type Target } from '../target.ts';
import { gateNames, handshakeOf, tokenWords } from './sample.ts';

const names = ['token', 'access.key', 'to%6ben', 'Token', 'token%', '%00', ''];

/** The query of the request target. */
export const query: Target = {
  seeds: ['token=abc', 'a=1&access.key=%61', 'token=a&token=b', 'to%6ben=x&b', 'token', 'token=%'],
  words: [...names, ...tokenWords, '&', '=', '+', ';', '%26', '%3d'],
  longest: 65_536,
  generate: (random) =>
    several(random, 6, () => {
      const value = random.pick([...tokenWords, '%', '%C3', '%20', '+']);
      return random.pick([...names, 'other']) + random.pick(['=', '', '==']) + value;
    }).join(random.pick(['&', '&&', ';'])),
  run(text) {
    const extract = (one: string) => querySource.extract(handshakeOf({ query: one }), gateNames);
    const found = extract(text);
    // Told by other means: form decoding, which differs in `+` and in broken encodings only.
    const plain = text.includes('+') || /%(?![0-9a-f]{2})/i.test(text) ? undefined : text;
    const form = plain === undefined ? undefined : new URLSearchParams(`?${plain}`);
    const told = form && gateNames.queryNames.flatMap((name) => form.getAll(name));
    if (found === undefined) {
      expect(told?.every((value) => value === '') ?? true, 'what is there is found', told);
      return 'nothing';
    }
    if (isDenial(found)) return found.reason;
    expect(/^[\x21-\x7e]{1,8192}$/.test(found.value), 'a credential is printable');
    const isTold = told === undefined || (told.length === 1 && told[0] === found.value);
    expect(isTold, 'the parameter is there once, with that value', told);
    const twice = extract(`${text}&token=${encodeURIComponent(found.value)}`);
    expect(isDenial(twice), 'a second one denies');
    return 'found';
  },
};
