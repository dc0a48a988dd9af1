import { parseTarget } from '../../src/core/gate/handshake.ts';
import { findLoginProblem, renderLoginUrl } from '../../src/core/gate/login.ts';
import { percentEncodeOctets, requestTarget } from '../../src/core/gate/request-url.ts';
import { querySource } from '../../src/credentials/query.ts';
import { expect, type Target } from '../target.ts';
import { readReturnAddress } from './return-address.ts';
import { gateNames, handshakeOf } from './sample.ts';

const pieces = [
  ...[
    '/',
    '/page',
    '?',
    '&',
    'token=',
    'secret',
    'to%6ben=',
    'access.key=',
    'a=b',
    '#',
    '%',
    '%zz',
  ],
  ...['=', '\u00e9', '\\', '"', '<', '{url}', '//evil.example', '/\\evil'],
];

/** Where people are sent: the page's own address without its token, and back again. */
export const pageAddresses: Target = {
  seeds: [
    '/page?token=secret&a=b',
    '/page?to%6ben=secret',
    '/?a=b&access.key=x&',
    '/page',
    '/a?%=1',
  ],
  words: pieces,
  longest: 32_768,
  generate: (random) =>
    `/${Array.from({ length: random.below(9) }, () => random.pick(pieces)).join('')}`,
  run(text) {
    const returned = readReturnAddress(text);
    const target = parseTarget(text);
    if (target === undefined) return `no target, ${returned}`;
    const handshake = handshakeOf({ ...target, upgrade: 'none' });
    const { queryNames } = gateNames;
    const kept = requestTarget(handshake, queryNames);
    const { query } = parseTarget(kept) ?? {};
    const left = querySource.extract(handshakeOf({ query }), gateNames);
    expect(left === undefined, 'no token is left in the address', kept);
    const again = requestTarget(handshakeOf({ path: target.path, query }), queryNames);
    expect(again === kept, 'a second time changes nothing', { kept, again });
    const octets = Buffer.from(kept, 'utf8').toString('latin1');
    const encoded = percentEncodeOctets(octets);
    expect(/^[A-Za-z0-9._~%-]*$/.test(encoded), 'it is encoded whole', encoded);
    expect(decodeURIComponent(encoded) === Buffer.from(kept).toString(), 'and decodes to the same');
    const template = '/login?rd={url}&h={host}&p={path}';
    expect(findLoginProblem(template) === undefined, 'the template is a good one');
    const login = renderLoginUrl({ login: template, queryNames }, handshake) ?? '';
    expect(/^[\x21-\x7e]*$/.test(login), 'it can stand in a header', login);
    return `${kept === text ? 'as it was' : 'without'}, ${returned}`;
  },
};
