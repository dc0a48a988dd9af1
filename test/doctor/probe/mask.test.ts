import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createMask, toDisplayLine } from '../../../src/doctor/probe/mask.ts';
import { ownWords } from '../../../src/doctor/probe/own-words.ts';
import { hideValues, parseTarget, renderTarget } from '../../../src/doctor/probe/target.ts';

const secret = 'pst_AbCdEfGhIjKlMnOpQrStUvWx';

describe('the mask', () => {
  const shown: readonly [text: string, masked: string][] = [
    [`a ${secret} b`, 'a *** b'],
    [`${secret}${secret}`, '***'],
    [secret.toUpperCase(), '***'],
    [secret.slice(0, 8), '***'],
    [secret.slice(0, 7), secret.slice(0, 7)],
    [`x=${secret.slice(5, 20)}!`, 'x=***!'],
    [Buffer.from(`token:${secret}`).toString('base64').slice(8), '***=='],
    [`t=${Buffer.from(`${secret}`).toString('base64url')}&`, 't=***&'],
    ['nothing of it', 'nothing of it'],
  ];
  for (const [text, masked] of shown) {
    test(`shows ${JSON.stringify(text)} as ${JSON.stringify(masked)}`, () => {
      assert.equal(createMask([secret])(text), masked);
    });
  }

  test('finds it in base64 wherever it begins there', () => {
    const mask = createMask([secret]);
    for (const before of ['', 'a', 'ab', 'abc']) {
      const text = mask(Buffer.from(`${before}${secret}!!!`).toString('base64'));
      assert.match(text, /^.{0,4}\*{3}.{0,8}$/, before);
    }
  });

  test('leaves no eight characters of any secret, wherever it stands', () => {
    const letters = fc.string({ minLength: 8, maxLength: 40 });
    const property = fc.property(letters, fc.string(), fc.string(), (one, before, after) => {
      const masked = createMask([one])(`${before}${one}${after}`);
      // Around the stars there may be what is no part of it.
      const around = masked.split('***');
      for (let i = 0; i + 8 <= one.length; i++) {
        const piece = one.slice(i, i + 8).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
        assert.ok(
          !around.some((part) => part.toLowerCase().includes(piece)) || piece.includes('***'),
        );
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('leaves the words that the probe writes itself', () => {
    const mask = createMask(['websocket', 'polling', secret], ownWords());
    const text = `Invalid WebSocket upgrade, HTTP 400, ${secret}`;
    assert.equal(mask(text), 'Invalid WebSocket upgrade, HTTP 400, ***');
    // A secret that is made of such words is hidden as a whole.
    const longer = createMask(['websocket-7f3a9c2d51', 'handshakecredential'], ownWords());
    assert.equal(longer('x websocket-7f3a9c2d51 y handshakecredential'), 'x *** y ***');
    assert.match(longer('a WebSocket server'), /^a WebSocket server$/);
  });

  test('does nothing without secrets, and not for what is too short to be one', () => {
    assert.equal(createMask([])('HTTP 101'), 'HTTP 101');
    assert.equal(createMask(['1', 'HTT'])('HTTP 101'), 'HTTP 101');
  });
});

test('what is shown is one line of printable characters, and not longer than a screen', () => {
  assert.equal(toDisplayLine('a\r\n\tb\u001b[31m\u202ec'), 'a b\ufffd[31m\ufffdc');
  assert.equal(toDisplayLine('x'.repeat(1_000)).length, 302);
});

describe('an address', () => {
  const good: readonly [text: string, shown: string][] = [
    ['wss://Grist.Example.com', 'wss://grist.example.com/'],
    ['https://a.example.com:443/ws', 'wss://a.example.com/ws'],
    ['http://a.example.com:8080/ws?token=abc&x', 'ws://a.example.com:8080/ws?token=…&…'],
    ['ws://[::1]:9000/', 'ws://[::1]:9000/'],
  ];
  for (const [text, shown] of good) {
    test(`${text} is shown as ${shown}`, () => {
      const target = parseTarget(text);
      assert.ok(!('problem' in target));
      assert.equal(renderTarget(target), shown);
    });
  }

  const bad: readonly [text: string, connect: string | undefined, problem: RegExp][] = [
    ['grist.example.com', undefined, /not a URL; write it as wss:/],
    ['ftp://a.example.com/', undefined, /"ftp:" is not one of/],
    ['wss://token:hunter2hunter2@a.example.com/', undefined, /remove user and password/],
    ['wss://a.example.com/', 'b.example.com', /host:port/],
    ['wss://a.example.com/', '::1:443', /host:port/],
    ['wss://a.example.com/', 'b.example.com:0', /host:port/],
  ];
  for (const [text, connect, words] of bad) {
    test(`${text}${connect ? ` at ${connect}` : ''} is refused: ${words.source}`, () => {
      const target = parseTarget(text, connect);
      assert.ok('problem' in target);
      assert.match(target.problem, words);
      assert.doesNotMatch(target.problem, /hunter2/);
    });
  }

  test('keeps the names of its parameters', () => {
    assert.equal(hideValues('/a?b=c=d&e&f='), '/a?b=…&…&f=…');
    assert.equal(hideValues('/a#b?c'), '/a');
  });
});
