import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublic, type PublicPlace, parsePublicPlace } from '../../src/core/public-place.ts';
import { aHandshake } from '../support/examples.ts';

const places = ['/pub', 'POST|PUT /hooks/*', '=/Robots.txt'].map((text) => {
  const place = parsePublicPlace(text);
  if ('invalid' in place) throw new Error(place.invalid);
  return place;
}) satisfies PublicPlace[];

for (const [method, path, open] of [
  ['GET', '/pub', true],
  ['HEAD', '/pub/a', true],
  ['GET', '/pub/A', true],
  ['GET', '/a/../pub/x', true],
  ['POST', '/pub', false],
  ['get', '/pub', false],
  ['GET', '/PUB', false],
  ['GET', '/public', false],
  ['GET', '/', false],
  ['POST', '/hooks/1', true],
  ['PUT', '/hooks/1', true],
  ['GET', '/hooks/1', false],
  ['POST', '/hooks/1/2', false],
  ['GET', '/Robots.txt', true],
  ['GET', '/robots.txt', false],
  // However the backend reads it, it is not to be led out of the public place.
  ['GET', '/pub/../admin', false],
  ['GET', '/pub/..%2fadmin', false],
  ['GET', '/pub/..%5cadmin', false],
  ['GET', '/pub/..;/admin', false],
  ['GET', '/pub/%252e%252e/admin', false],
  ['GET', '/pub/%zz', false],
  ['GET', '/../pub', false],
] as const) {
  test(`${method} ${path} is ${open ? '' : 'not '}public`, () => {
    assert.equal(isPublic(places, aHandshake({ method, path, upgrade: 'none' })), open);
  });
}

test('the query and the fragment open nothing', () => {
  const handshake = aHandshake({ path: '/admin', query: 'x=/pub', upgrade: 'none' });
  assert.equal(isPublic(places, handshake), false);
});

test('a place that is none is refused', () => {
  for (const text of ['pub', 'get /pub', 'GET,POST /pub', 'GET /a /b', 'GET', '/a?b', '']) {
    assert.ok('invalid' in parsePublicPlace(text), text);
  }
});
