import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  matchPublicRoute,
  type PublicRoute,
  parsePublicRoute,
} from '../../../src/core/gate/public-route.ts';
import { isDenial } from '../../../src/core/model/verdict.ts';
import { aHandshake } from '../../../testkit/examples.ts';

const places = ['/pub', 'POST|PUT /hooks/*', '=/Robots.txt'].map((text) => {
  const place = parsePublicRoute(text);
  if ('invalid' in place) throw new Error(place.invalid);
  return place;
}) satisfies PublicRoute[];

for (const [method, path, open] of [
  ['GET', '/pub', true],
  ['HEAD', '/pub/a', true],
  ['GET', '/pub/A', true],
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
  ['GET', '/pub/%zz', false],
  ['GET', '/../pub', false],
] as const) {
  test(`${method} ${path} is ${open ? '' : 'not '}public`, () => {
    assert.equal(matchPublicRoute(places, aHandshake({ method, path, upgrade: 'none' })), open);
  });
}

for (const path of [
  '/a/../pub/x',
  '/pub/../admin',
  '/pub/..%2fadmin',
  '/pub/..%5cadmin',
  '/pub/..;/admin',
  '/pub/%252e%252e/admin',
  '/admin/users/../../pub',
  '//pub',
  '/%70ub',
]) {
  test(`whether ${path} is public nobody can say, so nobody passes`, () => {
    const found = matchPublicRoute(places, aHandshake({ path, upgrade: 'none' }));
    assert.ok(isDenial(found) && found.reason === 'ambiguous_path', path);
  });
}

test('a place is public only if what nginx rewrote is so too', () => {
  const find = (path: string, locationPath: string) =>
    matchPublicRoute(places, aHandshake({ path, locationPath, upgrade: 'none' }));
  assert.equal(find('/pub/x', '/pub/x'), true);
  assert.equal(find('/pub/x', '/pub/y'), true);
  assert.equal(find('/pub/x', '/admin/x'), false);
  assert.equal(find('/x', '/pub/x'), false);
  assert.equal(find('/pub/x', '/pub/..;/admin'), false);
});

test('the query and the fragment open nothing', () => {
  const handshake = aHandshake({ path: '/admin', query: 'x=/pub', upgrade: 'none' });
  assert.equal(matchPublicRoute(places, handshake), false);
});

test('a place that is none is refused', () => {
  for (const text of ['pub', 'get /pub', 'GET,POST /pub', 'GET /a /b', 'GET', '/a?b', '']) {
    assert.ok('invalid' in parsePublicRoute(text), text);
  }
});
