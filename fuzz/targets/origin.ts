import { type Handshake, parseHost } from '../../src/core/gate/handshake.ts';
import {
  hasExplicitOrigins,
  isOriginAllowed,
  parseOriginRules,
} from '../../src/core/gate/origin.ts';
import { expect, type Target } from '../target.ts';
import { handshakeOf } from './sample.ts';

const words = [
  ...['same', 'null', 'https://app.example.com', 'https://*.example.com', 'http://localhost:5173'],
  ...[
    'https://app.example.com:443',
    'https://evil.example',
    'https://app.example.com.evil.example',
  ],
  ...['HTTPS://APP.EXAMPLE.COM', 'https://a@app.example.com', 'https://[::1]', '*.', '://', ''],
];

/** Lines: the host of the request, its `Origin`, then the words of the rules. */
export const origin: Target = {
  seeds: [
    'app.example.com\nhttps://app.example.com\nsame',
    'app.example.com\nhttps://a.example.com\nhttps://*.example.com',
    'app.example.com\nnull\nnull',
    '[::1]\nhttp://[::1]:80\nhttp://[::1]',
    'app.example.com\nhttps://app.example.com/\nsame',
  ],
  words: [...words, '\n', '.example.com', ':443'],
  longest: 32_768,
  generate: (random) =>
    [
      random.pick(['app.example.com', '[::1]', 'localhost']),
      ...Array.from({ length: 1 + random.below(4) }, () => random.pick(words)),
    ].join('\n'),
  run(text) {
    const [hostText = '', sent = '', ...rules] = text.split('\n');
    const host = parseHost(hostText) ?? 'app.example.com';
    const parsed = parseOriginRules(rules);
    if ('invalid' in parsed) {
      expect(rules.includes(parsed.invalid), 'the fault is one of the words', parsed.invalid);
      return 'invalid rules';
    }
    const ask = (facts: Partial<Handshake>) =>
      isOriginAllowed(handshakeOf({ host, ...facts }), parsed);
    expect(!ask({ origin: undefined }), 'no Origin is none that is allowed');
    if (!ask({ origin: sent }))
      return hasExplicitOrigins(parsed) ? 'not in the list' : 'not the same';
    if (sent === 'null') {
      expect(rules.includes('null'), 'the opaque origin has to be listed');
      return 'null';
    }
    const isAllowed = rules.some((rule) => fits(rule, sent, host));
    expect(isAllowed, 'an allowed origin is what a rule says', { sent, host, rules });
    return 'allowed';
  },
};

/** By the URL standard, and not by our own parser. */
function fits(rule: string, sent: string, host: string): boolean {
  const { protocol, hostname, port, pathname, search, hash, username } = asUrl(sent);
  if (pathname.length > 1 || search || hash || username || sent.endsWith('/')) return false;
  const name = hostname.replace(/\.$/, '');
  if (rule === 'same') {
    const own = asUrl(`https://${host}`).hostname;
    return name === own && ['https:', 'http:'].includes(protocol);
  }
  if (rule === 'null') return false;
  const wanted = asUrl(rule.replace('://*.', '://'));
  const isPort = wanted.port === port && wanted.protocol === protocol;
  const own = wanted.hostname.replace(/\.$/, '');
  return isPort && (rule.includes('://*.') ? name.endsWith(`.${own}`) : name === own);
}

/** Schemes that the URL standard does not know keep their hosts in another form. */
function asUrl(text: string): URL {
  const known = text.replace(/^[a-z][a-z0-9+.-]*:/i, (scheme) =>
    /^https?:$/i.test(scheme) ? scheme : `http:`,
  );
  const plain = known.replace(/_/g, '-');
  if (!URL.canParse(plain)) return new URL('about:blank');
  return new URL(plain);
}
