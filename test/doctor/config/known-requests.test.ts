import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startBackend } from '../../../src/demo/backend.ts';
import { tryPage } from '../../../src/demo/client.ts';
import { buildConfiguration } from '../../../src/doctor/config/model/configuration.ts';
import { simulateRequest } from '../../../src/doctor/config/model/request-simulation.ts';
import { page } from '../../../src/doctor/config/model/scenario.ts';
import type { Scope } from '../../../src/doctor/config/model/scope.ts';
import { chooseServer, findListeners } from '../../../src/doctor/config/model/virtual-host.ts';
import { startNginx } from '../../../src/proxies/nginx/process.ts';
import { loadConfiguration } from '../../../src/proxies/nginx/syntax/index.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { memoryFiles } from '../../../testkit/doctor/examine.ts';

function build(text: string) {
  return buildConfiguration(
    loadConfiguration('site.conf', memoryFiles({ 'site.conf': text })),
    undefined,
  );
}

const rewrite = fc
  .tuple(
    fc.constantFrom(
      ...['^/outer/(.*)$ /$1', '^/(a|b)/(.*)$ /outer/$2', '^/outer(.*)$ /b$1', '^ /exact'],
      ...['^/(?<rest>.*)\\.php$ /a/$rest', '/x$ /a', '^/a /outer/inner/$uri', '^/exact$ /'],
    ),
    fc.constantFrom(' last', ' break', ''),
  )
  .map(([text, flag]) => `rewrite ${text}${flag};`);

const line = fc.oneof(
  { weight: 3, arbitrary: rewrite },
  fc.constantFrom('set $named one;', 'set $named two;', 'set $named "$named+";', 'break;'),
  fc.constantFrom(
    'if ($uri = /exact) { set $named exact; }',
    'if ($uri ~ ^/a) { break; }',
    'if ($uri ~ ^/b) { rewrite ^ /a/x last; }',
    'if ($named = one) { rewrite ^/a(.*)$ /b$1; }',
    'if ($request_uri ~ php) { set $named php; }',
    'if ($uri !~ outer) { return 403; }',
    'rewrite ^/outer(.*)$ /a$1; break;',
  ),
);
const lines = (most: number) =>
  fc.array(line, { maxLength: most }).map((all) => all.join('\n      '));

/** `SEEN` tells the backend which location it is. */
const server = fc
  .record({
    own: lines(2),
    ...{ root: lines(3), a: lines(3), folder: lines(2), exact: lines(2), outer: lines(3) },
    ...{ inner: lines(3), php: lines(2), b: lines(2) },
  })
  .map(
    ({ own, root, a, folder, exact, outer, inner, php, b }) => `
    ${own}
    location = /auth { internal; return 204; }
    location / { ${root} SEEN }
    location /a { ${a} SEEN }
    location /a/d/ { ${folder} SEEN }
    location = /exact { ${exact} SEEN }
    location /outer { ${outer} SEEN
      location /outer/inner { ${inner} SEEN } }
    location ~ \\.php$ { ${php} SEEN }
    location ^~ /b/ { ${b} SEEN }`,
  )
  .map((text) => {
    let count = 0;
    return text.replaceAll(
      'SEEN',
      () =>
        `auth_request /auth; proxy_set_header X-Location l${++count}; proxy_set_header X-Named $named; proxy_pass BACKEND;`,
    );
  });

const paths = [
  ...['/', '/a', '/a/x', '/ax', '/a/d', '/a/d/x', '/exact', '/outer', '/outer/inner/x'],
  ...['/outer/a/x', '/b/x.php', '/x.php', '/b', '/outer/x'],
];

test('a request of which host and path are known is followed to where a real nginx takes it', async (t) => {
  const backend = await startBackend();
  t.after(() => backend.close());
  const servers = fc.sample(server, { numRuns: 120, seed: 7231 });
  const text = servers
    .map((one, index) => `server { LISTEN server_name s${index}.test; set $named $named; ${one} }`)
    .join('\n')
    .replaceAll('BACKEND', `http://127.0.0.1:${backend.port}`);
  const nginx = await startNginx({
    directory: temporaryDirectory(t),
    http: (port) =>
      `access_log off; uninitialized_variable_warn off; server_names_hash_bucket_size 128;\n${text.replaceAll('LISTEN', `listen 127.0.0.1:${port};`)}`,
  });
  t.after(() => nginx.close());
  const configuration = build(text.replaceAll('LISTEN', ''));
  const wrong: string[] = [];
  let foretold = 0;
  for (const [index, scope] of configuration.servers.entries()) {
    for (const path of paths) {
      const host = `s${index}.test`;
      const expected = foretell(scope, host, path);
      if (expected === undefined) continue;
      foretold++;
      const { status, seen } = await tryPage(`http://127.0.0.1:${nginx.port}${path}`, { host });
      const found =
        status === 200
          ? `${seen?.headers['x-location']} ${seen?.url} ${seen?.headers['x-named'] ?? ''}`
          : String(status);
      if (found !== expected) {
        wrong.push(`${path}: ${found}, not ${expected}, in: ${servers[index]}`);
      }
    }
  }
  assert.deepEqual(wrong.slice(0, 2), [], `${wrong.length} of ${foretold}`);
  assert.ok(foretold > 1000, `only ${foretold} were foretold`);

  /** Location, path at the backend and the variable, or the status; undefined where it is not sure. */
  function foretell(scope: Scope, host: string, path: string): string | undefined {
    const options = { scenario: page, answer: 'allow' } as const;
    const [outcome, ...others] = simulateRequest(configuration, scope, { host, path }, options);
    if (!outcome?.certain || others.length > 0) return undefined;
    if (outcome.kind === 'answered') return String(outcome.status);
    if (outcome.kind !== 'proxied') return undefined;
    assert.equal(outcome.question?.directive.args[0], '/auth');
    const [header] = outcome.view.effective('proxy_set_header');
    const { environment } = outcome;
    return `${header?.args[1]} ${environment.get('uri')} ${environment.get('named') ?? ''}`;
  }
});

const names = [
  ...['a.test', '*.a.test', '.b.test', 'www.*', '~^x\\d+\\.', '~^www\\.c', '_', 'deep.www.a.test'],
];
const hosts = [
  ...['a.test', 'www.a.test', 'deep.www.a.test', 'b.test', 'x.b.test', 'www.c.test', 'x1.test'],
  ...['x1.b.test', 'other.test', 'www.b.test'],
];

test('a host comes to the server block that a real nginx takes', async (t) => {
  const sets = fc.sample(
    fc.array(fc.subarray(names, { minLength: 0 }), { minLength: 2, maxLength: 4 }),
    { numRuns: 25, seed: 3 },
  );
  for (const [index, set] of sets.entries()) {
    const taken = new Set<string>();
    const servers = set.map((own, at) => {
      // nginx warns of a name that stands twice, and takes the first.
      const fresh = own.filter((name) => !taken.has(name));
      for (const name of fresh) taken.add(name);
      const server = fresh.length === 0 ? '' : `server_name ${fresh.join(' ')};`;
      const isDefault = index % 2 === 1 && at === 1 ? ' default_server' : '';
      return `server { LISTEN${isDefault}; ${server} return 200 s${at}; }`;
    });
    const text = servers.join('\n');
    const nginx = await startNginx({
      directory: temporaryDirectory(t),
      http: (port) => `access_log off;\n${text.replaceAll('LISTEN', `listen 127.0.0.1:${port}`)}`,
    });
    t.after(() => nginx.close());
    const configuration = build(text.replaceAll('LISTEN', 'listen 127.0.0.1:80'));
    const [listener] = findListeners(configuration.servers);
    assert.ok(listener);
    for (const host of hosts) {
      const chosen = chooseServer(listener, host);
      const at = chosen === undefined ? -1 : configuration.servers.indexOf(chosen);
      const response = await fetchText(nginx.port, host);
      assert.equal(`s${at}`, response, `${host} in\n${text}`);
    }
    await nginx.close();
  }
});

async function fetchText(port: number, host: string): Promise<string> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', headers: { host }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}
