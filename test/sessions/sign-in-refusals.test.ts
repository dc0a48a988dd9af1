import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startSite } from '../../testkit/nginx/site.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

const origin = 'https://www.example.com';
const json = 'application/json';

test('a page on another origin may read what was wrong with its request', async (t) => {
  const env = { POSTERN_DEFAULT_GATE_ORIGINS: `same,${origin}` };
  const postern = await startTestPostern(t, { env });
  const site = await startSite(t, postern);
  const cases: [type: string, body: string, code: string][] = [
    [json, '{"token":""}', 'validation_failed'],
    [json, '{"token":"pst_x","more":1}', 'validation_failed'],
    [json, '{', 'malformed_body'],
    ['text/plain', 'pst_x', 'unsupported_media_type'],
    ['image/png', 'pst_x', 'unsupported_media_type'],
  ];
  for (const [type, body, code] of cases) {
    const answer = await fetch(`${site.url}/.postern/session`, {
      method: 'POST',
      headers: { origin, 'content-type': type },
      body,
    });
    assert.equal(answer.headers.get('access-control-allow-origin'), origin, body);
    assert.equal(answer.headers.get('content-type'), 'application/problem+json', body);
    assert.equal(((await answer.json()) as { code: string }).code, code, body);
  }
});

test('a sign-in that is too large is refused as such', async (t) => {
  const postern = await startTestPostern(t);
  const site = await startSite(t, postern);
  for (const length of [9_000, 17_000, 33_000]) {
    const answer = await fetch(`${site.url}/.postern/session`, {
      method: 'POST',
      headers: { 'content-type': json },
      body: JSON.stringify({ token: 'x'.repeat(length) }),
    });
    assert.equal(answer.status, length === 9_000 ? 400 : 413, String(length));
  }
});
