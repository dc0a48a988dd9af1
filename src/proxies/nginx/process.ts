import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { OperatorError } from '../../lib/operator-error.ts';

/** A running nginx that this process started. */
export interface NginxProcess {
  /** The port that its configuration uses. */
  readonly port: number;
  readonly pid: number;
  /** Reloads the configuration, as `nginx -s reload` does. */
  reload(): void;
  close(): Promise<void>;
}

/** Attempts to find a free port, since another process may take it in between. */
const maxAttempts = 3;

/**
 * Starts nginx in the foreground, with all its files inside `directory`, and resolves once it
 * accepts connections. `http` renders the http block for a free port. Throws OperatorError with
 * nginx's message when it does not start.
 */
export async function startNginx(options: {
  readonly directory: string;
  readonly http: (port: number) => string;
  /** Connections per worker, to clients and backends together. */
  readonly connections?: number;
  /** Directives of the main context, such as `load_module`. */
  readonly main?: string;
  readonly workers?: number;
  /** Path of nginx; by default the installed one. */
  readonly program?: string;
}): Promise<NginxProcess> {
  const { directory, http, main = '', workers = 1, program = nginxBinary() } = options;
  const file = join(directory, 'nginx.conf');
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    writeFileSync(file, renderMain({ ...options, directory, main, workers, http: http(port) }));
    rmSync(join(directory, 'error.log'), { force: true });
    // Also redirects files that nginx writes relative to its prefix (-p).
    const args = ['-p', directory, '-c', file, '-e', join(directory, 'error.log')];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const failure = await waitUntilReady(child, port);
    if (failure === undefined) return toNginxProcess(child, port);
    const message = `${failure}${readLog(directory)}`;
    if (!message.includes('Address already in use') || attempt === maxAttempts) {
      throw new OperatorError(`nginx did not start: ${message.trim()}`);
    }
  }
}

/** Debian installs nginx in a directory that is not in every user's PATH. */
function nginxBinary(): string {
  return existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';
}

function renderMain(options: {
  directory: string;
  main: string;
  workers: number;
  connections?: number;
  http: string;
}): string {
  const { directory, main, workers, connections = 8192, http } = options;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${join(directory, `temp-${name}`)};`)
    .join('\n');
  // Workers of a root master would run as nobody, without access to a private directory.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${main}
${user}daemon off;
pid ${join(directory, 'nginx.pid')};
error_log ${join(directory, 'error.log')} info;
worker_processes ${workers};
worker_rlimit_nofile 16384;
events { worker_connections ${connections}; }
http {
${temporary}
${http}
}
`;
}

function toNginxProcess(child: ChildProcess, port: number): NginxProcess {
  return {
    port,
    pid: child.pid ?? 0,
    reload: () => void child.kill('SIGHUP'),
    close: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

/** Resolves with undefined once the port accepts connections, else with nginx's error message. */
async function waitUntilReady(child: ChildProcess, port: number): Promise<string | undefined> {
  let stderr = '';
  let failure: string | undefined;
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  child.once('error', (error: NodeJS.ErrnoException) => {
    const isMissing = error.code === 'ENOENT' && child.spawnfile === 'nginx';
    failure = isMissing ? 'there is no nginx on this machine (PATH).' : error.message;
  });
  child.once('close', (code) => {
    failure ??= `${stderr}(exit code ${code})\n`;
  });
  while (failure === undefined) {
    if (await acceptsConnections(port)) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return failure;
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}

function readLog(directory: string): string {
  try {
    return readFileSync(join(directory, 'error.log'), 'utf8');
  } catch {
    return '';
  }
}

/** A TCP port of the loopback address that is free at this moment. */
export function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
