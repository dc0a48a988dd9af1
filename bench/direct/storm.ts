import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { defaultBundleOptions } from '../../src/proxies/nginx/bundle-options.ts';
import { writeBundle } from '../../src/proxies/nginx/config-bundle.ts';
import { findFreePort, startNginx } from '../../src/proxies/nginx/process.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import { readMemoryMb } from '../process-usage.ts';
import { startMeasuredService } from '../service.ts';
import type { Figure } from '../store/figure.ts';
import { fillStore } from '../store/fill.ts';
import type { StorePart } from '../store-parts.ts';

/** Sockets opened at once, as after a restart of the application. */
const sockets = 10_000;

/** Timeout of a socket, in milliseconds. */
const timeoutMs = 60_000;

/** A reconnect storm through nginx, with and without Postern. */
export const stormPart: StorePart = {
  name: 'storm',
  async measure({ directory, announce, signal }) {
    const dataDir = join(directory, 'data');
    await fillStore(dataDir, 't', { count: sockets + 1, rareIn: sockets * 2 });
    const gate = { kind: 'tcp', host: '127.0.0.1', port: await findFreePort() } as const;
    const backend = await startBackendProgram(directory);
    try {
      const service = await startMeasuredService({
        directory: join(directory, 'service'),
        store: { dataDir, cookie: 'postern_token=t1' },
        gate,
        signal,
      });
      try {
        const idleMb = readMemoryMb(service.pid, 'now');
        const slowest = { open: 0, guarded: 0 };
        for (const kind of ['open', 'guarded'] as const) {
          slowest[kind] = await storm({
            directory: join(directory, kind),
            kind,
            gate,
            backend: backend.port,
          });
          announce(
            `storm: ${kind}, the slowest of ${sockets} took ${Math.round(slowest[kind])} ms`,
          );
          signal.throwIfAborted();
        }
        return [
          {
            part: 'storm',
            what: `the slowest of ${sockets.toLocaleString('en')} handshakes at once, none lost`,
            value: slowest.guarded,
            unit: 'ms',
            against: 'the same without auth',
            baseline: slowest.open,
            goal: { of: 'value', atMost: 5_000 },
          },
          {
            part: 'storm',
            what: 'most memory of the service meanwhile',
            value: readMemoryMb(service.pid, 'peak'),
            unit: 'MB',
            against: 'before',
            baseline: idleMb,
          },
        ] satisfies Figure[];
      } finally {
        await service.stop();
      }
    } finally {
      backend.stop();
    }
  },
};

/**
 * Opens all sockets at once and returns the milliseconds of the slowest. Rejects when one fails.
 */
async function storm(options: {
  readonly directory: string;
  readonly kind: 'open' | 'guarded';
  readonly gate: ListenAddress;
  readonly backend: number;
}): Promise<number> {
  const { directory, kind, gate, backend } = options;
  writeBundle(directory, renderBundle('plain', { ...defaultBundleOptions, gate }));
  const guard = kind === 'guarded';
  const nginx = await startNginx({
    directory,
    // A worker has 8,192 connections, and a socket takes two.
    workers: 4,
    http: (port) => `access_log off;
include postern-http.conf;
server {
  listen 127.0.0.1:${port} backlog=16384;
  ${guard ? 'include postern-server.conf;' : ''}
  location / {
    ${guard ? 'include postern-location.conf;' : ''}
    include postern-proxy.conf;
    proxy_pass http://127.0.0.1:${backend};
  }
}`,
  });
  try {
    const times = await Promise.all(
      Array.from({ length: sockets }, (_, i) => timeSocket(nginx.port, `t${i + 1}`)),
    );
    return Math.max(...times);
  } finally {
    await nginx.close();
  }
}

/** Milliseconds from the first byte to the 101. The socket stays open until nginx stops. */
function timeSocket(port: number, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        [
          ...['GET /ws HTTP/1.1', 'Host: app.example.com', 'Origin: http://app.example.com'],
          ...['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
          ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', `Cookie: postern_token=${token}`],
          ...['', ''],
        ].join('\r\n'),
      );
    });
    const fail = (why: string) => reject(new Error(`a handshake was lost: ${why}`));
    socket.setTimeout(timeoutMs, () => fail('no answer'));
    socket.once('data', (chunk) => {
      const line = chunk.toString('latin1').split('\r\n')[0] ?? '';
      if (!line.startsWith('HTTP/1.1 101 ')) return fail(line);
      socket.setTimeout(0);
      resolve(performance.now() - startedAt);
    });
    socket.on('error', (error) => fail(error.message));
  });
}

/** The demo backend in its own process, to keep the load off this one. */
async function startBackendProgram(directory: string) {
  const port = await findFreePort();
  const child = spawn(
    process.execPath,
    [join(packageRoot, 'src/demo/serve-backend.ts'), String(port)],
    { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { port, stop: () => void child.kill('SIGTERM') };
}
