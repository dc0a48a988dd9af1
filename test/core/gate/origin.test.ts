import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Handshake } from '../../../src/core/gate/handshake.ts';
import {
  hasExplicitOrigins,
  isOriginAllowed,
  type OriginRules,
  parseOriginRules,
} from '../../../src/core/gate/origin.ts';
import { aHandshake } from '../../../testkit/examples.ts';

function rulesOf(...words: string[]): OriginRules {
  const rules = parseOriginRules(words);
  if ('invalid' in rules) throw new Error(`${rules.invalid} cannot be read`);
  return rules;
}

interface Case {
  readonly rules: string[];
  readonly allowed: readonly string[];
  readonly refused: readonly (string | undefined)[];
  readonly request?: Partial<Handshake>;
}

/** Requests are for `https://app.example.com`, where a case does not say otherwise. */
const cases: Readonly<Record<string, Case>> = {
  'same host': {
    rules: ['same'],
    allowed: [
      'https://app.example.com',
      'https://app.example.com.',
      'HTTPS://APP.Example.COM',
      'https://app.example.com:443',
      'https://app.example.com:8443',
    ],
    refused: [
      undefined,
      '',
      'null',
      'http://app.example.com',
      'https://app.com.evil',
      'https://app.example.com.evil',
      'https://app.example.comevil',
      'https://evilapp.example.com',
      'https://example.com',
      'https://other.example.com',
      'https://sub.app.example.com',
      'https://app.example.com@evil.example',
      'https://user@app.example.com',
      'https://user:password@app.example.com',
      'https://app.example.com/',
      'https://app.example.com/path',
      'https://app.example.com?query',
      'https://app.example.com#fragment',
      'https://app.example.com\\.evil.example',
      'https://app.example.com:',
      'https://app.example.com:123456',
      'https://app.example.com:x',
      'https://app.example.com..',
      'https://app.example.com ',
      ' https://app.example.com',
      'https://app.example.com\n',
      'https://app.example.com https://evil.example',
      'https://app.example.com, https://evil.example',
      'https://аpp.example.com',
      'https:/app.example.com',
      'https:app.example.com',
      '//app.example.com',
      'app.example.com',
      'wss://app.example.com',
      'ftp://app.example.com',
      'file://app.example.com',
      'chrome-extension://app.example.com',
      'javascript:alert(1)',
    ],
  },
  'same host on plain http': {
    rules: ['same'],
    request: { scheme: 'http' },
    allowed: ['http://app.example.com', 'http://app.example.com:8080', 'https://app.example.com'],
    refused: ['ws://app.example.com', 'http://evil.example', 'null'],
  },
  'same host where nginx names no scheme': {
    rules: ['same'],
    request: { scheme: undefined },
    allowed: ['http://app.example.com', 'https://app.example.com'],
    refused: ['http://evil.example'],
  },
  'same host by address': {
    rules: ['same'],
    request: { scheme: 'http', host: '[::1]' },
    allowed: ['http://[::1]', 'http://[::1]:8080', 'https://[::1]'],
    refused: ['http://::1', 'http://[::2]', 'http://[::1', 'http://[::1]x', 'http://[::1]@evil'],
  },
  'null alone': {
    rules: ['null'],
    allowed: ['null'],
    refused: ['NULL', ' null', 'null ', 'https://app.example.com', undefined],
  },
  'one origin': {
    rules: ['https://pages.example'],
    allowed: [
      'https://pages.example',
      'https://pages.example:443',
      'https://PAGES.example',
      'https://pages.example.',
    ],
    refused: [
      undefined,
      'null',
      'https://app.example.com',
      'http://pages.example',
      'https://pages.example:8443',
      'https://a.pages.example',
      'https://pages.example.evil',
    ],
  },
  'one origin with a port': {
    rules: ['http://localhost:5173'],
    allowed: ['http://localhost:5173'],
    refused: ['http://localhost', 'http://localhost:5174', 'https://localhost:5173'],
  },
  'one origin by address': {
    rules: ['http://[2001:DB8::1]:8080'],
    allowed: ['http://[2001:db8::1]:8080', 'http://[2001:DB8::1]:8080'],
    refused: ['http://[2001:db8::1]', 'http://[2001:db8::2]:8080'],
  },
  'an origin written in another way': {
    rules: ['HTTPS://Pages.Example.:443'],
    allowed: ['https://pages.example'],
    refused: ['https://pages.example:444'],
  },
  'every host below a domain': {
    rules: ['https://*.example.com'],
    allowed: [
      'https://a.example.com',
      'https://a.b.example.com',
      'https://A.EXAMPLE.COM.',
      'https://app.example.com:443',
    ],
    refused: [
      undefined,
      'null',
      'https://example.com',
      'https://.example.com',
      'https://evilexample.com',
      'https://a.example.com.evil',
      'https://a.example.com:8443',
      'http://a.example.com',
      'https://*.example.com',
      'https://a.example.com/b.example.com',
      'https://evil.com#.example.com',
      'https://evil.com/.example.com',
      'https://evil.com?.example.com',
      'https://evil@a.example.com',
    ],
  },
  'every host below a domain, at a port': {
    rules: ['http://*.localhost:5173'],
    allowed: ['http://a.localhost:5173'],
    refused: ['http://a.localhost', 'http://localhost:5173'],
  },
  'several rules': {
    rules: ['same', 'null', 'https://pages.example'],
    allowed: ['https://app.example.com', 'null', 'https://pages.example'],
    refused: [undefined, 'https://evil.example'],
  },
};

for (const [name, { rules, request, allowed, refused }] of Object.entries(cases)) {
  const isAllowed = (origin: string | undefined) =>
    isOriginAllowed(aHandshake({ ...request, origin }), rulesOf(...rules));
  test(`a gate that allows ${name} lets these origins in`, () => {
    assert.deepEqual(
      allowed.filter((origin) => !isAllowed(origin)),
      [],
    );
  });
  test(`a gate that allows ${name} keeps these origins out`, () => {
    assert.deepEqual(refused.filter(isAllowed), []);
  });
}

test('rules are kept in a normal form', () => {
  assert.deepEqual(
    parseOriginRules(['same', 'null', 'HTTPS://App.Example.COM:443', 'http://*.Localhost:5173']),
    {
      same: true,
      opaque: true,
      exact: ['https://app.example.com'],
      wildcards: [{ scheme: 'http', suffix: '.localhost', port: ':5173' }],
    },
  );
  assert.deepEqual(parseOriginRules([]), { same: false, opaque: false, exact: [], wildcards: [] });
});

test('a word that is no origin is named', () => {
  const words = [
    '',
    '*',
    'Same',
    'NULL',
    'same ',
    'app.example.com',
    '*.example.com',
    'https://',
    'https://*',
    'https://*.',
    'https://a.*.example.com',
    'https://*.*.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://user@app.example.com',
    'https://app.example.com:',
    'https://a, https://b',
    'https://[::1',
    'https://bücher.example',
    '__proto__',
  ];
  for (const word of words) {
    assert.deepEqual(parseOriginRules(['same', word, 'also wrong']), { invalid: word });
  }
});

test('only a gate that names origins of its own accord lists them', () => {
  const lists = (...words: string[]) => hasExplicitOrigins(rulesOf(...words));
  assert.equal(lists('same'), false);
  assert.equal(lists(), false);
  assert.equal(lists('null'), true);
  assert.equal(lists('same', 'https://pages.example'), true);
  assert.equal(lists('https://*.example.com'), true);
});

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?$/);
const domain = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));

test('a wildcard admits what ends in its domain behind a dot, and nothing else', () => {
  fc.assert(
    fc.property(domain, label, domain, (below, sub, other) => {
      const rules = rulesOf(`https://*.${below}`);
      const allows = (host: string) =>
        isOriginAllowed(aHandshake({ origin: `https://${host}` }), rules);
      const hosts = [`${sub}.${below}`, below, `${sub}${below}`, `${sub}.${below}.${other}`];
      for (const host of hosts) assert.equal(allows(host), host.endsWith(`.${below}`), host);
    }),
  );
});

test('an origin is judged as the WHATWG parser of browsers reads it', () => {
  const hostile = fc.array(
    fc.constantFrom(
      ...['app.example.com', 'evil.example', 'https:', 'http:', '//', '/', '\\', '@', ':', '443'],
      ...['?', '#', '.', ' ', '\t', '\n', '%2e', '[', ']', 'a', 'user'],
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(hostile, (parts) => {
      const origin = parts.join('');
      if (!isOriginAllowed(aHandshake({ origin }), rulesOf('same'))) return;
      assert.equal(new URL(origin).hostname.replace(/\.$/, ''), 'app.example.com');
      assert.equal(new URL(origin).protocol, 'https:');
    }),
    { numRuns: 2_000 },
  );
});
