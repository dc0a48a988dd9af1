import { CommandFailed } from '../../src/cli/toolkit/command-failed.ts';
import { parseRawRequest } from '../../src/cli/toolkit/raw-request.ts';
import { isHttpToken } from '../../src/lib/http-token.ts';
import { expect, type Target } from '../target.ts';

const secret = 'S3CRET-that-nobody-may-see';
const lines = [
  ...[
    'Host: app.example.com',
    'Cookie: a=b',
    `Authorization: Bearer ${secret}`,
    `no name ${secret}`,
  ],
  ...['Upgrade : websocket', ': empty', '\t folded', '', 'X:'],
];

/** A request that people paste in, to have it explained. */
export const rawRequest: Target = {
  seeds: [
    'GET /ws HTTP/1.1\r\nHost: app.example.com\r\n\r\nbody',
    '\n\nPOST https://app.example.com/a?b\nHost: a',
    `GET /?token=${secret} HTTP/1.1 more`,
    `GET / HTTP/1.1\n${secret}`,
  ],
  words: [...lines, '\r\n', ' HTTP/1.1', 'GET ', 'https://', '/'],
  longest: 65_536,
  generate: (random) =>
    [
      `${random.pick(['GET', 'PO-ST', 'get', ''])} ${random.pick(['/ws', 'https://a/b', '*', `/${secret}`])}${random.pick([' HTTP/1.1', ' HTTP/2', '', ' x'])}`,
      ...Array.from({ length: random.below(6) }, () => random.pick(lines)),
    ].join(random.pick(['\r\n', '\n'])),
  run(text) {
    try {
      const { method, uri, headers } = parseRawRequest(text);
      expect(/^[A-Z-]+$/.test(method), 'the method is one', method);
      expect(/^\S+$/.test(uri), 'the target is one', uri);
      for (const [name, value] of headers) {
        expect(isHttpToken(name), 'a header has a name', name);
        expect(value === value.trim() && !value.includes('\n'), 'a value is one line', value);
      }
      const again = parseRawRequest(
        [`${method} ${uri}`, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\n'),
      );
      expect(again.headers.length === headers.length, 'what was read can be read again');
      return `${Math.min(headers.length, 3)} headers`;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      expect(!error.message.includes(secret), 'a refusal shows no secret', error.message);
      return error.message.replace(/\d+/, 'N').slice(0, 40);
    }
  },
};
