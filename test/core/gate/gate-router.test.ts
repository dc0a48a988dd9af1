import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCatchAllRouter, createGateRouter } from '../../../src/core/gate/gate-router.ts';
import { type HostPattern, parseHostPattern } from '../../../src/core/gate/host-pattern.ts';
import { type PathPattern, parsePathPattern } from '../../../src/core/gate/path-pattern.ts';
import { findAmbiguities } from '../../../src/core/gate/routes.ts';
import { isDenial } from '../../../src/core/model/verdict.ts';
import { aGate } from '../../../testkit/examples.ts';

function gateAt(name: string, hosts: readonly string[], paths: readonly string[]) {
  return aGate({
    name,
    hosts: hosts.map((host) => parseHostPattern(host) as HostPattern),
    paths: paths.map((path) => parsePathPattern(path) as PathPattern),
  });
}

const gates = [
  gateAt('site', ['example.com'], []),
  gateAt('wild', ['*.example.com'], []),
  gateAt('deep', ['*.eu.example.com'], []),
  gateAt('admin', ['example.com'], ['/admin']),
  gateAt('health', ['example.com'], ['=/admin/health']),
  gateAt('rooms', [], ['/rooms/*/ws']),
  gateAt('upper', ['case.test'], ['/Admin']),
  gateAt('lower', ['case.test'], ['/']),
  gateAt('named', [], []),
  gateAt('green', ['green.test'], ['/grÜn']),
];
const choice = createGateRouter(gates);

function chosen(host: string, path: string, gateName?: string, locationPath?: string): string {
  const at = choice.match({ gateName, host, path, locationPath });
  return isDenial(at) ? `${at.reason}: ${at.detail}` : at.gate.name;
}

for (const [host, path, name] of [
  ['example.com', '/', 'site'],
  ['example.com', '/admin', 'admin'],
  ['example.com', '/admin/', 'admin'],
  ['example.com', '/admin/users', 'admin'],
  ['example.com', '/administrator', 'site'],
  ['example.com', '/admin/health', 'health'],
  ['example.com', '/admin//users/./x', 'admin'],
  ['example.com', '/admin/%75sers%2fx;y', 'admin'],
  ['example.com', '//x/../y', 'site'],
  ['a.example.com', '/', 'wild'],
  ['a.b.example.com', '/', 'wild'],
  ['eu.example.com', '/', 'wild'],
  ['a.eu.example.com', '/', 'deep'],
  ['other.test', '/rooms/1/ws', 'rooms'],
  // The host counts before the path, as in nginx.
  ['example.com', '/rooms/1/ws', 'site'],
  ['case.test', '/Admin', 'upper'],
  ['case.test', '/x', 'lower'],
  ['green.test', '/gr%C3%9Cn/x', 'green'],
] as const) {
  test(`${host}${path} is at ${name}`, () => {
    assert.equal(chosen(host, path), name);
  });
}

for (const [host, path, why] of [
  ['other.test', '/', 'no_gate: host and path'],
  ['notexample.com', '/', 'no_gate: host and path'],
  ['other.test', '/rooms/1/ws/', 'no_gate: host and path'],
  ['example.com', '/../admin', 'malformed_request: path'],
  ['example.com', '/%zz', 'malformed_request: path'],
  // nginx and a backend may read these each in its own way.
] as const) {
  test(`${host}${path} is at none, or nobody can say at which`, () => {
    assert.equal(chosen(host, path), why);
  });
}

for (const [host, path, differ] of [
  ['example.com', '/ADMIN', 'in lower case: another gate'],
  ['case.test', '/admin', 'in lower case: another gate'],
  ['example.com', '/admin;x', 'as nginx normalizes it: site; without parameters: admin'],
  ['example.com', '/admin;x/users', 'as nginx normalizes it: site; without parameters: admin'],
  [
    'example.com',
    '/pub/..;/admin',
    'as nginx normalizes it: site; without parameters, dot segments resolved: admin',
  ],
  [
    'example.com',
    '/pub/..%5cadmin',
    'as nginx normalizes it: site; decoded, \\ as /, dot segments resolved: admin',
  ],
  ['example.com', '/%2561dmin', 'as nginx normalizes it: site; decoded twice: admin'],
  [
    'example.com',
    '/pub%252f..%252fadmin',
    'as nginx normalizes it: site; decoded twice, dot segments resolved: admin',
  ],
  ['example.com', '/admin/users/../../status', 'as nginx normalizes it: site; as sent: admin'],
  ['example.com', '/admin/..', 'as nginx normalizes it: site; as sent: admin'],
  ['example.com', '/admin%2fusers%2f..%2f..', 'as nginx normalizes it: site; decoded: admin'],
  ['example.com', '//admin', 'as nginx normalizes it: admin; as sent: site'],
  ['example.com', '/x//../admin', 'as nginx normalizes it: admin; as sent: site'],
  ['example.com', '/pub/../admin', 'as nginx normalizes it: admin; as sent: site'],
  ['example.com', '/pub/..%2fadmin', 'as nginx normalizes it: admin; as sent: site'],
  ['example.com', '/%61dmin', 'as nginx normalizes it: admin; as sent: site'],
  [
    'example.com',
    '/admin./users',
    'as nginx normalizes it: site; without dots and spaces at the end: admin',
  ],
  [
    'example.com',
    '/admin%20/users',
    'as nginx normalizes it: site; without dots and spaces at the end: admin',
  ],
  [
    'example.com',
    '/admin%252e/users',
    'as nginx normalizes it: site; decoded twice, without dots and spaces at the end: admin',
  ],
  // URL parsers decode dots and leave slashes, and take what follows two slashes for a host.
  [
    'example.com',
    '/pub/a%2fd/%2e./%2e./admin',
    'as nginx normalizes it: site; dots decoded, dot segments resolved: admin',
  ],
  [
    'example.com',
    '/x%2fy/../%61dmin',
    'as nginx normalizes it: site; letters and digits decoded, dot segments resolved: admin',
  ],
  ['example.com', '//x/admin/users', 'as nginx normalizes it: site; behind a host: admin'],
  [
    'example.com',
    '/pub/../admin/%2e%2e/pub/x',
    'as nginx normalizes it: site; dot segments resolved: admin',
  ],
] as const) {
  test(`${host}${path} can be read as that of another gate`, () => {
    assert.equal(chosen(host, path), `ambiguous_path: ${differ}`);
  });
}

test('what nginx rewrote has to be at the same gate', () => {
  const rewritten = (path: string, to: string) => chosen('example.com', path, undefined, to);
  assert.equal(rewritten('/x', '/x'), 'site');
  assert.equal(rewritten('/x', '/y'), 'site');
  assert.equal(rewritten('/a//b', '/a//b'), 'site');
  assert.equal(rewritten('/a%25b', '/a%b'), 'site');
  for (const [path, to, differ] of [
    ['/v1/admin/users', '/admin/users', 'as sent: site; as nginx rewrote it: admin'],
    ['/admin/page', '/index.html', 'as sent: admin; as nginx rewrote it: site'],
    [
      '/x',
      '/%61dmin',
      'as sent: site; as nginx rewrote it: as nginx normalizes it: site; decoded twice: admin',
    ],
    ['/x', '/../admin', 'as sent: site; as nginx rewrote it: no path'],
  ] as const) {
    assert.equal(rewritten(path, to), `ambiguous_path: ${differ}`);
  }
  assert.equal(chosen('example.com', '/x', 'site', '/admin'), 'site');
});

test('a path that could be read in other ways, but leads to the same gate, is no trouble', () => {
  for (const path of [
    '/Docs',
    '/a;b',
    '/100%25',
    '/a%5cb',
    '/%2541',
    '/Gr%C3%9Cn',
    '/Gr\u00c3\u009cn',
  ]) {
    assert.equal(chosen('example.com', path), 'site', path);
  }
});

test('a path that can be read in very many ways is at the gate of a whole host, and at no gate of several', () => {
  const many = '/b%25%32%65%5c;x//./c. /..'.repeat(300);
  const alone = createGateRouter([gateAt('site', ['example.com'], [])]);
  const at = alone.match({
    ...{ gateName: undefined, host: 'example.com', path: many, locationPath: '/other' },
  });
  assert.equal(isDenial(at) ? at.reason : at.gate.name, 'site');
  assert.equal(chosen('example.com', `/admin${many}`), 'ambiguous_path: too many readings');
});

test('a path that a backend reads as the exact one of another gate, but for a slash, is at none', () => {
  const slash = 'ambiguous_path: without the slash at the end: another gate';
  assert.equal(chosen('example.com', '/admin/health/'), slash);
  assert.equal(
    chosen('example.com', '/admin/health%2f'),
    'ambiguous_path: as nginx normalizes it: without the slash at the end: another gate; as sent: admin',
  );
  assert.equal(chosen('example.com', '/admin/health'), 'health');
  assert.equal(chosen('example.com', '/admin/health/x'), 'admin');
});

for (const [path, why] of [
  ['/ADMIN', 'in lower case: another gate'],
  ['/admin/../o', 'dot segments, and a gate by name'],
  ['/a/%2e%2e/o', 'dot segments, and a gate by name'],
  ['/a%5cb', 'dot segments, and a gate by name'],
  ['/%2561dmin', 'as nginx normalizes it: site; decoded twice: admin'],
] as const) {
  test(`${path} is denied although nginx named the gate: it may be meant for another location`, () => {
    assert.equal(chosen('example.com', path, 'site'), `ambiguous_path: ${why}`);
  });
}

test('a gate that nginx named takes any path that leads nowhere else', () => {
  for (const path of ['/admin/x', '//ws', '/a%2Fb', '/a;b', '/caf%C3%A9', '/administrators']) {
    assert.equal(chosen('a.example.com', path, 'named'), 'named', path);
  }
  const alone = createGateRouter([gateAt('one', [], [])]);
  const at = alone.match({
    ...{ gateName: 'one', host: 'example.com', path: '/a/../b', locationPath: undefined },
  });
  assert.equal(isDenial(at) ? at.reason : at.gate.name, 'one');
});

test('nginx names a gate, whatever the host and the path; a name that is none denies', () => {
  assert.equal(chosen('other.test', '/', 'named'), 'named');
  assert.equal(chosen('example.com', '/', 'admin'), 'admin');
  assert.equal(chosen('example.com', '/', 'Admin'), 'no_gate: unknown name');
  assert.equal(chosen('example.com', '/', '__proto__'), 'no_gate: unknown name');
});

test('a page may ask about the gates at its host only', () => {
  const names = (host: string) => choice.forHost(host).map(({ name }) => name);
  assert.deepEqual(names('example.com'), ['site', 'admin', 'health', 'rooms', 'named']);
  assert.equal(choice.byName('admin', 'a.example.com'), undefined);
  assert.equal(choice.byName('admin', 'example.com')?.name, 'admin');
  assert.equal(choice.byName('named', 'other.test')?.name, 'named');
});

test('without gates, every name is one', () => {
  const any = createCatchAllRouter((name) => aGate({ name }));
  for (const [gateName, name] of [
    [undefined, 'default'],
    ['chat', 'chat'],
  ] as const) {
    const at = any.match({
      gateName,
      host: 'example.com',
      path: '/%zz',
      locationPath: undefined,
    });
    assert.equal(isDenial(at) ? at.reason : at.gate.name, name);
  }
  for (const none of ['', 'Chat', 'a b', `a${'b'.repeat(64)}`])
    assert.equal(any.byName(none), undefined);
});

test('gates of which none is more specific are found, wherever they meet', () => {
  const found = (...some: Parameters<typeof gateAt>[]) =>
    findAmbiguities(some.map((one) => gateAt(...one))).map(({ gates }) => gates.join(' '));
  assert.deepEqual(found(['a', ['x.test'], ['/ws']], ['b', ['x.test'], ['/ws/']]), ['a b']);
  assert.deepEqual(found(['a', [], ['/a/*']], ['b', [], ['/*/b']]), ['a b']);
  assert.deepEqual(found(['a', ['*.x.test'], []], ['b', ['*.x.test'], []]), ['a b']);
  assert.deepEqual(found(['a', ['x.test'], ['/']], ['b', [], ['/ws']]), []);
  assert.deepEqual(found(['a', [], ['/ws']], ['b', [], ['/']]), []);
  assert.deepEqual(found(['a', [], ['/ws', '/ws']]), []);
  assert.deepEqual(found(['a', [], []], ['b', [], []]), []);
});
