import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { explainError } from '../../../src/doctor/probe/explain-error.ts';
import { findStatus } from '../../../src/doctor/probe/find-status.ts';
import { knownMessages } from '../../../src/doctor/probe/messages.ts';

describe('the words of', { concurrency: true }, () => {
  for (const { by, example, code, ignoresStatus } of knownMessages) {
    test(`${by}, "${example.slice(0, 60)}", are recognised as theirs`, () => {
      const explained = explainError(example);
      assert.equal(explained.certainty, 'certain');
      assert.equal(explained.by, by);
      assert.equal(explained.like, example);
      const hasStatus = !ignoresStatus && /\b302\b/.test(example);
      assert.equal(explained.code, hasStatus ? 'upgrade-redirected' : code);
    });
  }
});

describe('what is really said by', { concurrency: true }, () => {
  const file = join(import.meta.dirname, 'client-messages.tsv');
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  for (const row of rows) {
    const [code, who, words = ''] = row.split('\t');
    test(`${who}, "${words.slice(0, 70)}": ${code}`, () => {
      const explained = explainError(words);
      assert.equal(explained.certainty, 'certain', JSON.stringify(explained));
      assert.equal(explained.code ?? '-', code);
      // Where the words hold no status, something else has to help.
      assert.ok(explained.code !== undefined || explained.note !== undefined);
    });
  }
});

describe('a status in the text is found', { concurrency: true }, () => {
  const texts: readonly [text: string, status: number | undefined][] = [
    ['the websocket server rejected this connection with HTTP status 302', 302],
    ['[Error: Unexpected response: 302]', 302],
    ['expected handshake status 101 but got 403', 403],
    ['upgrade refused: 502 Bad Gateway', 502],
    ['{"status":401,"message":"no"}', 401],
    ['<title>503 Service Temporarily Unavailable</title>', 503],
    ['GET /ws HTTP/1.1" 302 145 "-" "ws"', 302],
    ['HTTP/2 502', 502],
    ['UserInfo={HTTPResponseStatusCode=403}', 403],
    ["StatusCode: 401, ReasonPhrase: 'Unauthorized', Version: 1.1", 401],
    ['the program ended with exit code 255 (exit status 255)', undefined],
    ['no answer from server 213.5.6.7', undefined],
    ['connection took 302 ms', undefined],
    ['error on line 401 of file', undefined],
    ['[Errno 111] Connection refused', undefined],
    ['dial tcp 10.0.0.1:443: i/o', undefined],
    ['closed with code 1006', undefined],
    ['WebSocket 101 course', undefined],
  ];
  for (const [text, status] of texts) {
    test(`${text}: ${status}`, () => assert.equal(findStatus(text), status));
  }
});

test('words that are like known ones are named with doubt, and others are not guessed at', () => {
  const near = explainError(
    'upstream had prematurely closed its connection, reading the response header',
  );
  assert.deepEqual([near.certainty, near.code], ['unsure', 'backend-unreachable']);
  for (const text of [
    '',
    'my dog ate the homework',
    "TypeError: Cannot read properties of undefined (reading 'x')",
    'java.util.concurrent.TimeoutException',
    'the connection to the server failed',
  ]) {
    assert.deepEqual(explainError(text), { certainty: 'unknown' }, text);
  }
});

test('the address of a login in unknown words is a redirect that was followed, with doubt', () => {
  const { certainty, code } = explainError('cannot open https://auth.example.com/login?rd=x here');
  assert.deepEqual([certainty, code], ['unsure', 'upgrade-redirected']);
  assert.equal(explainError('cannot open https://app.example.com/ws here').certainty, 'unknown');
});

test('any text is explained at once, or not at all', () => {
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
    assert.ok(['certain', 'unsure', 'unknown'].includes(explainError(text).certainty));
  });
  fc.assert(property);
  assert.equal(explainError('connect() failed '.repeat(100_000)).certainty, 'unknown');
});
