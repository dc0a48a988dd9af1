import { isDeepStrictEqual } from 'node:util';
import { sourceHeaders } from '../../src/admission/forwarded-headers.ts';
import { readSubrequest } from '../../src/admission/read-subrequest.ts';
import { isGateName, isMethod, parseHost } from '../../src/core/gate/handshake.ts';
import { isDenial } from '../../src/core/model/verdict.ts';
import { type NetworkSet, normalizeAddress, parseNetworks } from '../../src/lib/network.ts';
import { several } from '../../testkit/random.ts';
import { readHead, usualLines } from '../head.ts';
import { expect, type Target } from '../target.ts';
import { usualAddress } from '../usual-address.ts';

const trusted = parseNetworks(['loopback']) as NetworkSet;
const names = Object.keys(usualLines);

/** The head of a subrequest, up to the handshake that it is about. */
export const subrequest: Target = {
  seeds: [
    'GET 127.0.0.1\nHost: app.example.com\nX-Original-URI: /ws\nX-Original-Upgrade: websocket',
    'GET -\nhost: a.example\nX-Original-URL: https://a.example/ws?x\nUpgrade: h2c',
    'GET 203.0.113.9\nHost: a.example\nX-Original-URI: /',
    'GET ::1\nHost: a.example\nX-Forwarded-Uri: /\nX-Forwarded-For: 203.0.113.7, 127.0.0.1',
    'GET -\nHost: a.example\nX-Original-URI: /\nX-Original-URI: /b',
  ],
  words: [...names, ...names.map((name) => `\n${name}: `), ...Object.values(usualLines).flat()],
  longest: 65_536,
  generate(random) {
    const lines = several(random, 8, () => {
      const name = random.pick(names);
      return `${random.oneIn(4) ? name.toLowerCase() : name}: ${random.pick(usualLines[name] ?? [])}`;
    });
    const usual = ['Host: app.example.com', 'X-Original-URI: /ws'];
    const peer = random.pick(['127.0.0.1', '::1', '-', '::ffff:127.0.0.1', '203.0.113.9', 'x']);
    return [`${random.pick(['GET', 'POST'])} ${peer}`, ...usual, ...lines].join('\n');
  },
  run(text) {
    const head = readHead(text);
    const read = readSubrequest(head, trusted);
    expect(isDeepStrictEqual(read, readSubrequest(head, trusted)), 'it reads the same each time');
    sourceHeaders(head);
    const { handshake, upgrading, clientAddress } = read;
    const lines = head.rawHeaders.map((value, i) => [head.rawHeaders[i - 1] ?? '', value] as const);
    const told = (...asked: string[]) =>
      lines.filter(([name], i) => i % 2 === 1 && asked.includes(name.toLowerCase()));
    const asksToUpgrade = told('upgrade', 'x-original-upgrade').some(([, value]) => value !== '');
    expect(upgrading === asksToUpgrade, 'whoever asks to upgrade is known to');
    const isAddress =
      clientAddress === undefined || normalizeAddress(clientAddress) === clientAddress;
    expect(isAddress, 'a client has an address in its usual form', clientAddress);
    const peer = head.socket.remoteAddress;
    const isTrusted = peer === undefined || /^127\.|^::1$/.test(usualAddress(peer));
    if (isDenial(handshake)) {
      const isStranger = handshake.reason === 'untrusted_proxy';
      expect(isStranger !== isTrusted || !isTrusted, 'who may ask is heard', handshake.reason);
      return handshake.detail ?? handshake.reason;
    }
    expect(isTrusted, 'a stranger is not heard', peer);
    const { host, path, query, method, gateName } = handshake;
    expect(parseHost(host) === host, 'the host is in its usual form', host);
    expect(path?.startsWith('/') === true && !/[?# \t]/.test(path), 'the path is one', path);
    expect(query === undefined || !/[# \t]/.test(query), 'the query is one', query);
    expect(isMethod(method), 'the method is one', method);
    expect(gateName === undefined || isGateName(gateName), 'the gate has a name', gateName);
    const uris = told('x-original-uri', 'x-forwarded-uri').filter(([, value]) => value !== '');
    const whole = path + (query === undefined ? '' : `?${query}`);
    const agree = uris.every(([, value]) => value === whole || value.startsWith(`${whole}#`));
    expect(agree, 'all that tell the target tell the same', whole);
    return `${handshake.upgrade} ${clientAddress === undefined ? 'from nobody' : 'from a client'}`;
  },
};
