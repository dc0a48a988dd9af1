import { isDenial } from '../../src/core/model/verdict.ts';
import { apiKeySource } from '../../src/credentials/api-key.ts';
import { trim } from '../head.ts';
import { expect, type Target } from '../target.ts';
import { gateNames, handshakeOf, tokenWords } from './sample.ts';

/** `X-Api-Key`. */
export const apiKey: Target = {
  seeds: ['abc', ' abc\t', '', ' ', 'a b', 'abc, abc', 'Bearer abc', 'ü', 'x'.repeat(8_193)],
  words: [...tokenWords, ' ', '\t', ', ', 'Bearer ', '\u00a0', '='],
  longest: 65_536,
  generate(random) {
    const blank = () => random.pick(['', '', ' ', '\t ', '\u00a0']);
    const second = random.oneIn(4) ? `, ${random.pick(tokenWords)}` : '';
    return `${blank()}${random.pick(tokenWords)}${second}${blank()}`;
  },
  run(header) {
    const found = apiKeySource.extract(handshakeOf({ apiKey: header }), gateNames);
    const bare = trim(header);
    if (found === undefined) {
      expect(bare === '', 'only an empty header is no credential', header);
      return 'nothing';
    }
    const isToken = /^[\x21-\x7e]{1,8192}$/.test(bare);
    expect(isToken !== isDenial(found), 'a credential is printable, and all that is', header);
    if (isDenial(found)) return found.reason;
    expect(found.value === bare, 'a credential is the whole header', found.value);
    return 'found';
  },
};
