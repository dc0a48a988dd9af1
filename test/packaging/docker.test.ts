import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { parse } from 'yaml';
import { entryPoints } from '../../scripts/entry-points.ts';
import { renderListenAddress } from '../../src/config/listen-address.ts';
import { loadConfig } from '../../src/config/load.ts';
import { settings } from '../../src/config/settings.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { defaultBundleOptions } from '../../src/proxies/nginx/bundle-options.ts';
import { writeBundle } from '../../src/proxies/nginx/config-bundle.ts';
import { findFreePort } from '../../src/proxies/nginx/process.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { startTestNginx } from '../../testkit/nginx/nginx.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { startTestBackend } from '../../testkit/servers/backend.ts';

// There may be no Docker where the tests run. What the files say of each other and of the code can
// be checked without one, and so can the nginx configuration.

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly user?: string;
  readonly entrypoint?: string[];
  readonly command?: string[];
  readonly environment?: Record<string, string>;
  readonly ports?: string[];
  readonly expose?: string[];
  readonly networks: string[];
  readonly volumes?: string[];
  readonly tmpfs?: string[];
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly security_opt?: string[];
  readonly healthcheck: { readonly test: string[] };
  readonly depends_on?: Record<string, { readonly condition: string }>;
}

interface Compose {
  readonly services: Record<'nginx' | 'postern' | 'backend', Service>;
  readonly networks: Record<string, { readonly internal?: boolean } | null>;
  readonly volumes: Record<string, unknown>;
}

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  bin: { postern: string };
  files: string[];
  engines: { node: string };
};
const composeText = read('docker-compose.yml');
const compose = parse(composeText, { merge: true }) as Compose;
const services = Object.entries(compose.services) as [string, Service][];
const { nginx, postern, backend } = compose.services;
const nginxConf = read('docker/nginx.conf');

const stages = readStages(read('Dockerfile'));
const [buildStage = [], finalStage = []] = stages;
const imageEnv = Object.fromEntries(
  argumentsOf(finalStage, 'ENV').flatMap((line) => line.split(/\s+/).map((pair) => cut(pair, '='))),
);
const { config } = loadConfig({ env: environmentOf(postern) });
const gatePort = config.gate.listen.kind === 'tcp' ? config.gate.listen.port : 0;

describe('Dockerfile', () => {
  test('what it copies is there and gets past .dockerignore, and all that the package ships is in it', () => {
    const allowed = read('.dockerignore').split('\n');
    assert.ok(allowed.includes('*'), 'everything is left out but what is named');
    const copied = argumentsOf(buildStage, 'COPY').flatMap((line) =>
      line.split(/\s+/).slice(0, -1),
    );
    for (const path of copied) {
      assert.ok(existsSync(join(packageRoot, path)), `${path} exists`);
      assert.ok(allowed.includes(`!${path}`), `.dockerignore lets ${path} in`);
    }
    assert.deepEqual(
      allowed.filter((line) => line.startsWith('!')).sort(),
      copied.map((path) => `!${path}`).sort(),
    );

    const made = ['dist', 'node_modules'];
    const shipped = argumentsOf(finalStage, 'COPY').map((line) => {
      const [from, path = '', to] = line.split(/\s+/);
      assert.equal(from, '--from=build');
      const name = path.replace(/^\/app\//, '');
      assert.ok([...copied, ...made].includes(name), `the build has ${path}`);
      assert.ok(to === name || to === './', `${name} keeps its name`);
      return name;
    });
    for (const path of [...manifest.files, 'node_modules', 'package.json']) {
      if (!path.endsWith('.md')) assert.ok(shipped.includes(path), `${path} is in the image`);
    }
  });

  test('the build compiles, and leaves nothing of the development dependencies', () => {
    const steps = argumentsOf(buildStage, 'RUN').join(' && ');
    const order = ['npm ci', 'npm run build', 'npm prune --omit=dev'].map((step) =>
      steps.indexOf(step),
    );
    assert.ok(!order.includes(-1), steps);
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  });

  test('both stages have a Node.js that the package accepts', () => {
    const bases = stages.map((stage) => argumentsOf(stage, 'FROM')[0]?.split(' ')[0] ?? '');
    assert.equal(new Set(bases).size, 1, 'a native module has to find the same libraries in both');
    const major = Number(/^node:(\d+)-slim$/.exec(bases[0] ?? '')?.[1]);
    assert.ok(major > Number(/^>=(\d+)\./.exec(manifest.engines.node)?.[1]), bases[0]);
  });

  test('it is not root who runs it, and the store is his alone', () => {
    assert.match(argumentsOf(finalStage, 'USER').join(), /^[1-9]\d*:[1-9]\d*$/);
    const [volume = ''] = argumentsOf(finalStage, 'VOLUME');
    assert.equal(volume, config.dataDir);
    const made = argumentsOf(finalStage, 'RUN').join('\n');
    assert.match(made, new RegExp(`install -d -o node -g node -m 0700 ${volume}(\\s|$)`));
  });

  test('"postern" is the command of the package, and what the image starts exists', () => {
    const workdir = argumentsOf(finalStage, 'WORKDIR').join();
    const link = /ln -s (\S+) \/usr\/local\/bin\/(\S+)/.exec(
      argumentsOf(finalStage, 'RUN').join('\n'),
    );
    assert.equal(link?.[1], join(workdir, manifest.bin.postern));
    assert.equal(link?.[2], 'postern');
    accessSync(join(packageRoot, manifest.bin.postern), constants.X_OK);
    assertRuns([...execForm('ENTRYPOINT'), ...execForm('CMD')]);
    const [healthcheck = ''] = argumentsOf(finalStage, 'HEALTHCHECK');
    assertRuns(JSON.parse(healthcheck.slice(healthcheck.indexOf('['))) as string[]);
  });

  test('it exposes the gate and not the admin API', () => {
    assert.deepEqual(argumentsOf(finalStage, 'EXPOSE'), [String(gatePort)]);
  });
});

describe('docker-compose.yml', () => {
  test('the commands in its head exist', () => {
    const commands = [...composeText.matchAll(/exec (?:-T )?postern postern (\w+ \w+)/g)];
    assert.ok(commands.length > 0);
    for (const [, words = ''] of commands) assertRuns(['postern', ...words.split(' ')]);
  });

  for (const [name, service] of services) {
    test(`${name}: can change nothing but what it must`, () => {
      assert.equal(service.read_only, true);
      assert.deepEqual(service.cap_drop, ['ALL']);
      assert.deepEqual(service.security_opt, ['no-new-privileges:true']);
      const user = service.user ?? argumentsOf(finalStage, 'USER').join();
      assert.ok(service.user !== undefined || service.build !== undefined);
      assert.match(user, /^[1-9]\d*:[1-9]\d*$/);
    });

    test(`${name}: what it mounts is there, and read-only or a declared volume`, () => {
      for (const mount of service.volumes ?? []) {
        const [from = '', to, mode] = mount.split(':');
        if (from.startsWith('./')) {
          assert.ok(existsSync(join(packageRoot, from)), `${from} exists`);
          assert.equal(mode, 'ro');
        } else {
          assert.ok(Object.hasOwn(compose.volumes, from), `the volume ${from} is declared`);
          assert.equal(to, config.dataDir);
        }
      }
    });

    test(`${name}: what it starts exists, its health check too`, () => {
      assert.equal(service.healthcheck.test[0], 'CMD');
      const check = service.healthcheck.test.slice(1);
      if (service.build === undefined) return assert.match(service.image ?? '', /^nginx:/);
      assert.equal(service.build, '.');
      const entrypoint = service.entrypoint ?? execForm('ENTRYPOINT');
      // An entrypoint of its own also drops the image's command.
      const command = service.command ?? (service.entrypoint ? [] : execForm('CMD'));
      assertRuns([...entrypoint, ...command]);
      assertRuns(check);
    });

    test(`${name}: waits for services that can be healthy, on networks that exist`, () => {
      for (const [other, { condition }] of Object.entries(service.depends_on ?? {})) {
        assert.ok(Object.hasOwn(compose.services, other));
        assert.equal(condition, 'service_healthy');
      }
      for (const network of service.networks) assert.ok(Object.hasOwn(compose.networks, network));
    });

    test(`${name}: its POSTERN_ variables are settings, with values that pass`, () => {
      const env = service.build === undefined ? { ...service.environment } : environmentOf(service);
      const known = settings.map(({ variable }) => variable);
      for (const variable of Object.keys(env).filter((key) => key.startsWith('POSTERN_'))) {
        assert.ok(known.includes(variable), variable);
      }
      assert.doesNotThrow(() => loadConfig({ env }));
    });
  }

  test('without an admin key it says how to get one', () => {
    assert.match(postern.environment?.POSTERN_ADMIN_KEY ?? '', /^\$\{POSTERN_ADMIN_KEY:\?[^}]+\}$/);
  });

  test('one port is published, on the loopback address, and it is that of nginx', () => {
    const published = services.flatMap(([name, { ports = [], expose = [] }]) =>
      [...ports, ...expose].map((port) => `${name} ${port}`),
    );
    const [port] = listenPorts(block(nginxConf, 'http'));
    assert.deepEqual(published, [`nginx 127.0.0.1:8080:${port}`]);
  });

  test('the admin API listens on the loopback address of its container', () => {
    assert.equal(renderListenAddress(config.admin.listen), '127.0.0.1:8421');
  });

  test('the application reaches neither the gate nor the admin API', () => {
    const shared = (a: Service, b: Service) =>
      a.networks.filter((name) => b.networks.includes(name));
    assert.deepEqual(shared(backend, postern), []);
    assert.deepEqual(shared(nginx, postern), ['gate']);
    assert.deepEqual(shared(nginx, backend), ['app']);
    assert.equal(compose.networks.gate?.internal, true);
  });

  test('nginx starts when both others are well', () => {
    assert.deepEqual(Object.keys(nginx.depends_on ?? {}).sort(), ['backend', 'postern']);
  });

  test('the gate answers nginx, whose address is a private one', () => {
    assert.equal(renderListenAddress(config.gate.listen), `0.0.0.0:${gatePort}`);
    assert.ok(config.gate.trustedProxies.includes('172.18.0.2'));
  });
});

describe('docker/nginx.conf', () => {
  test('every file it includes is mounted', () => {
    const includes = [...nginxConf.matchAll(/^\s*include (\S+);/gm)].map(([, path = '']) => path);
    assert.equal(includes.length, 4);
    for (const path of includes) {
      assert.ok(existsSync(hostPath(nginx, path)), `${path} is in the container`);
    }
    assert.equal(hostPath(nginx, '/etc/nginx/nginx.conf'), join(packageRoot, 'docker/nginx.conf'));
  });

  test('the shipped files find Postern where they look for it', () => {
    const upstream = /^upstream postern_gate \{\s*server (\S+);/m.exec(
      read('nginx/postern-http.conf'),
    )?.[1];
    const relay = block(nginxConf, 'stream');
    assert.equal(/listen (\S+);/.exec(relay)?.[1], upstream);
    assert.equal(upstream, renderListenAddress(loadConfig({ env: {} }).config.gate.listen));
    const [, variable = '', address] = /set (\$\w+) (\S+);/.exec(relay) ?? [];
    assert.equal(address, `postern:${gatePort}`);
    assert.ok(relay.includes(`proxy_pass ${variable};`));
  });

  test('it finds the application where that listens', () => {
    const [, variable = '', host, port] =
      /set (\$\w+) (\w+):(\d+);/.exec(block(nginxConf, 'http')) ?? [];
    assert.equal(host, 'backend');
    assert.deepEqual(backend.command, [port]);
    assert.ok(nginxConf.includes(`proxy_pass http://${variable};`));
    assert.ok(backend.healthcheck.test.join(' ').includes(`http://127.0.0.1:${port}/`));
  });

  test('all it writes is in a tmpfs or a standard stream', () => {
    const written = [
      ...nginxConf.matchAll(/^\s*(?:pid|error_log|access_log|\w+_temp_path) (\S+?)[\s;]/gm),
    ].map(([, path = '']) => path);
    const inPlace = written.filter((path) => path !== 'off' && !path.startsWith('/dev/std'));
    assert.equal(inPlace.length, 6);
    for (const path of inPlace) {
      assert.ok(
        nginx.tmpfs?.some((directory) => path.startsWith(`${directory}/`)),
        path,
      );
    }
    assert.doesNotMatch(nginxConf, /^\s*user /m);
    assert.ok(listenPorts(nginxConf).every((port) => port > 1023));
  });

  test('a real nginx with it lets a handshake with a token through and no other', async (t) => {
    const directory = temporaryDirectory(t);
    const gate = await startTestPostern(t);
    const application = await startTestBackend(t);
    writeBundle(
      join(directory, 'postern'),
      renderBundle('plain', { ...defaultBundleOptions, gate: gate.gate }),
    );
    const health = new URL(nginx.healthcheck.test.at(-1) ?? '');
    const healthPort = await findFreePort();
    const proxy = await startTestNginx(t, {
      directory,
      http: (port) =>
        replaceAll(block(nginxConf, 'http'), [
          ['/etc/nginx/postern/', `${directory}/postern/`],
          ['listen 8080;', `listen 127.0.0.1:${port};`],
          [`listen ${health.host};`, `listen 127.0.0.1:${healthPort};`],
          ['backend:9000', `127.0.0.1:${application.port}`],
          // Where these are is for startNginx to say.
          [/^.*_temp_path .*$/gm, ''],
        ]),
    });

    const { status } = await fetch(`http://127.0.0.1:${healthPort}${health.pathname}`);
    assert.equal(status, 200);
    assert.equal(await handshake(`ws://127.0.0.1:${proxy.port}/chat`), 401);
    assert.equal(application.seen.length, 0);
    const { token } = await gate.issue();
    assert.equal(await handshake(`ws://127.0.0.1:${proxy.port}/chat?a=1&token=${token}`), 101);
    assert.equal(application.seen[0]?.url, '/chat?a=1');
    assert.equal(application.seen[0]?.headers['remote-user'], 'alice');
  });
});

/** The instructions of a Dockerfile by stage, without comments and line breaks. */
function readStages(text: string): [string, string][][] {
  const found: [string, string][][] = [];
  const lines = text.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '');
  for (const line of lines.split('\n').filter((line) => line !== '')) {
    const [name, rest] = cut(line, ' ');
    if (name === 'FROM') found.push([]);
    found.at(-1)?.push([name, rest]);
  }
  return found;
}

function argumentsOf(stage: readonly [string, string][], instruction: string): string[] {
  return stage.filter(([name]) => name === instruction).map(([, rest]) => rest);
}

function execForm(instruction: string): string[] {
  return JSON.parse(argumentsOf(finalStage, instruction).join()) as string[];
}

function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** What the process in the container sees, with an admin key for the variable that names one. */
function environmentOf(service: Service): Record<string, string> {
  const own = Object.entries(service.environment ?? {}).map(([name, value]) => [
    name,
    value.replace(/^\$\{POSTERN_ADMIN_KEY:.*\}$/, adminKey),
  ]);
  return { ...imageEnv, ...Object.fromEntries(own) };
}

/** Fails unless the image can run this: a command of the CLI, a compiled file, or inline JavaScript. */
function assertRuns([program, ...words]: string[]): void {
  if (program === 'node' && words[0] === '-e') {
    const { status, stderr } = spawnSync(process.execPath, ['--check', '-'], {
      input: words[1] ?? '',
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  } else if (program === 'node') {
    const name = /^\/app\/dist\/(.*)\.js$/.exec(words[0] ?? '')?.[1] ?? '';
    const source = entryPoints[name];
    assert.ok(source !== undefined, `${words[0]} is built`);
    assert.ok(existsSync(join(packageRoot, source)), `${words[0]} is built from ${source}`);
  } else {
    assert.equal(program, 'postern');
    const { stdout } = spawnSync(
      process.execPath,
      [join(packageRoot, 'src/cli/main.ts'), ...words, '--help'],
      { encoding: 'utf8' },
    );
    assert.ok(stdout.startsWith(`Usage: postern ${words.join(' ')} `), words.join(' '));
  }
}

/** Where a path of the container is on this machine. */
function hostPath(service: Service, path: string): string {
  for (const mount of service.volumes ?? []) {
    const [from = '', to = ''] = mount.split(':');
    if (path === to || path.startsWith(`${to}/`)) {
      return join(packageRoot, from, path.slice(to.length));
    }
  }
  return path;
}

/** What stands between the braces of a block of the main context. */
function block(text: string, name: string): string {
  return new RegExp(`^${name} \\{\\n(.*?)^\\}`, 'ms').exec(text)?.[1] ?? '';
}

function listenPorts(text: string): number[] {
  return [...text.matchAll(/^\s*listen (?:[\d.]+:)?(\d+);/gm)].map(([, port]) => Number(port));
}

/** Fails when there is nothing to replace. */
function replaceAll(text: string, pairs: readonly [string | RegExp, string][]): string {
  return pairs.reduce((changed, [from, to]) => {
    const next = changed.replaceAll(from, to);
    assert.notEqual(next, changed, `nothing to replace: ${from}`);
    return next;
  }, text);
}

/** The status that a handshake ends in. */
function handshake(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', reject);
  });
}
