import { isIPv6 } from 'node:net';
import {
  isGateName,
  isMethod,
  parseHost,
  parseTarget,
  parseUpgrade,
} from '../../src/core/gate/handshake.ts';
import { expect, type Target } from '../target.ts';

const pieces = [
  ...['app.example.com', ':8443', '.', '[::1]', '[', ']', '%', 'xn--', '_', '-', '127.0.0.1'],
  ...['/', '/ws', '?', '#', '%2f', ' ', 'GET', 'websocket', 'h2c', 'WebSocket', '\u0130', '\u017f'],
];

/** The short readers of one fact each: host, request target, upgrade, method, name of a gate. */
export const handshake: Target = {
  seeds: [
    ...['app.example.com', 'APP.example.com.:443', '[::1]:80', '[fe80::1%25eth0]', 'a..b', '-a.b'],
    ...['/', '/a?b#c', '//a', '/a b', 'http://a/', '*', 'websocket', 'h2c, websocket', 'GET'],
    ...['chat', 'chat_1', 'Chat'],
  ],
  words: pieces,
  longest: 65_536,
  generate: (random) =>
    Array.from({ length: 1 + random.below(5) }, () => random.pick(pieces)).join(''),
  run(text) {
    const host = parseHost(text);
    if (host !== undefined) {
      expect(host === host.toLowerCase() && host.length <= 253, 'a host is in lower case', host);
      expect(!/[^a-z0-9._:[\]-]/.test(host), 'a host holds nothing else', host);
      expect(parseHost(host) === host, 'a host is read as itself', host);
      expect(parseHost(`${host}:443`) === host, 'a port is none of its business', host);
      const isLiteral = host.startsWith('[');
      expect(!isLiteral || isIPv6(host.slice(1, -1)), 'brackets hold an address', host);
      // An underscore is nothing for a URL, and all digits are an address there.
      if (!isLiteral && /^[a-z][a-z0-9.-]*[a-z]$/.test(host) && !host.includes('xn--')) {
        const url = `http://${host}/`;
        const isSame = !URL.canParse(url) || new URL(url).hostname === host;
        expect(isSame, 'a URL means the same host', host);
      }
    }
    const target = parseTarget(text);
    if (target !== undefined) {
      const { path, query } = target;
      expect(!/[?# \t\r\n]/.test(path), 'a path ends before its query', path);
      expect(query === undefined || !query.includes('#'), 'a query ends before a fragment');
      const whole = query === undefined ? path : `${path}?${query}`;
      expect(text === whole || text.startsWith(`${whole}#`), 'nothing is lost', whole);
    }
    const upgrade = parseUpgrade(text);
    expect((upgrade === 'websocket') === /^websocket$/i.test(text), 'only websocket is', text);
    expect(!isMethod(text) || /^[\x21-\x7e]{1,32}$/.test(text), 'a method is printable');
    expect(!isGateName(text) || /^[a-z0-9_-]{1,64}$/.test(text), 'a gate has a plain name');
    const known = [host && 'host', target && 'target', isMethod(text) && 'method'].filter(Boolean);
    return `${upgrade}: ${known.join(' ') || 'nothing'}`;
  },
};
