import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultBundleOptions } from '../../src/proxies/nginx/bundle-options.ts';
import { writeBundle } from '../../src/proxies/nginx/config-bundle.ts';
import { startNginx } from '../../src/proxies/nginx/process.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import { sendRaw } from '../../testkit/clients/raw-request.ts';
import { type NginxProgram, nginxPrograms } from '../../testkit/nginx/programs.ts';
import {
  type Backend,
  type FrameworkName,
  frameworks,
  startFramework,
} from '../../testkit/servers/backends/index.ts';
import type { Gate, StartGate } from './gate.ts';
import { type Credential, type Guard, gates, type VariantName, variants } from './places.ts';

/** One request. JSON of it is what `--replay` takes. */
export interface Case {
  readonly framework: FrameworkName;
  readonly variant: VariantName;
  /** Which nginx, by its name in the list of programs. */
  readonly nginx: string;
  readonly kind: 'page' | 'handshake';
  readonly credential: Credential;
  /** As it is sent, one character a byte. */
  readonly target: string;
}

/** What a request came to. */
export interface Outcome {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  /** What calls itself the server. */
  readonly server: string;
  /** Which handlers ran, as the backend says itself. */
  readonly handlers: readonly string[];
  /** The target that they received. */
  readonly received: string | undefined;
}

/** A gate, each nginx before each backend in every variant. */
export interface PathsFixture {
  /** Sends them, some at once, and gives their outcomes in the same order. */
  send(cases: readonly Case[]): Promise<Outcome[]>;
  close(): Promise<void>;
}

/** Requests that are under way at once. */
const atOnce = 24;
const patienceMs = 20_000;

/** Starts all of it, for these variants. */
export async function openPathsFixture(
  startGate: StartGate,
  variantNames: readonly VariantName[],
): Promise<PathsFixture> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-seam-'));
  const closers: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const gate = await startGate(join(directory, 'gate'));
    closers.push(() => gate.close());
    const backends = await Promise.all(frameworks.map(({ name }) => startFramework(name)));
    closers.push(() => Promise.all(backends.map((backend) => backend.close())));
    const ports = new Map<string, number>();
    for (const [index, program] of nginxPrograms.entries()) {
      const nginx = await startOne(join(directory, `nginx-${index}`), program, {
        ...{ gate, backends, variantNames },
      });
      closers.push(() => nginx.close());
      ports.set(program.name, nginx.port);
    }
    return { send: (cases) => sendAll(cases, { gate, backends, ports }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly gate: Gate;
  readonly variantNames: readonly VariantName[];
  readonly backends: readonly Backend[];
}

function startOne(
  directory: string,
  { program }: NginxProgram,
  { gate, backends, variantNames }: Parts,
) {
  mkdirSync(directory);
  const files = join(directory, 'postern');
  const options = { ...defaultBundleOptions, gate: gate.listen, gates: Object.keys(gates) };
  writeBundle(files, renderBundle('plain', options));
  const include = (name: string) => `include ${join(files, name)};`;
  const guard: Guard = (name) =>
    `${include(name === undefined ? 'postern-location.conf' : `gates/${name}.conf`)} ${include('postern-proxy.conf')}`;
  const upstreams = backends.map(
    ({ name, port }) => `upstream ${name} { server 127.0.0.1:${port}; keepalive 8; }`,
  );
  const servers = (port: number) =>
    variantNames.flatMap((variant) =>
      backends.map(
        (backend) => `
  server {
    listen ${addressOf(variant, backend.name)}:${port};
    ${include('postern-server.conf')}
    ${variants[variant].server(backend, guard)}
  }`,
      ),
    );
  return startNginx({
    ...{ directory, program },
    http: (port) => `
  access_log off;
  ${include('postern-http.conf')}
  ${upstreams.join('\n')}
  server { listen 127.0.0.1:${port}; return 404; }
  ${servers(port).join('\n')}`,
  });
}

/** A loopback address of its own for each server block: merge_slashes counts in a port's first one only. */
function addressOf(variant: string, framework: string): string {
  const first = Object.keys(variants).indexOf(variant) + 1;
  const second = frameworks.findIndex(({ name }) => name === framework) + 1;
  return `127.20.${first}.${second}`;
}

async function sendAll(
  cases: readonly Case[],
  {
    gate,
    backends,
    ports,
  }: Omit<Parts, 'variantNames'> & { readonly ports: ReadonlyMap<string, number> },
): Promise<Outcome[]> {
  const answers: { status: number; server: string }[] = [];
  let next = 0;
  const work = async () => {
    for (let i = next++; i < cases.length; i = next++) {
      answers[i] = await sendOne(cases[i] as Case, i);
    }
  };
  const sendOne = async (one: Case, index: number) => {
    const token = gate.tokenOf(one.credential, variants[one.variant].prefix);
    const port = ports.get(one.nginx);
    if (port === undefined) throw new Error(`there is no nginx "${one.nginx}"`);
    const request = renderRequest(one, String(index), token);
    const host = addressOf(one.variant, one.framework);
    const answer = await withPatience(sendRaw(port, request, { host }), one);
    return { status: answer?.status ?? 0, server: answer?.headers.server ?? '' };
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const runs = (await Promise.all(backends.map((backend) => backend.takeRuns()))).flat();
  const byCase = Map.groupBy(runs, ({ case: index }) => index);
  const known = new Set(Array.from(answers.keys(), String));
  const stray = runs.find(({ case: index }) => !known.has(index));
  if (stray !== undefined) throw new Error(`nobody sent ${JSON.stringify(stray)}`);
  return answers.map((answer, index) => {
    const own = byCase.get(String(index)) ?? [];
    return { ...answer, handlers: own.map(({ handler }) => handler), received: own[0]?.target };
  });
}

function renderRequest(one: Case, name: string, token: string | undefined): string {
  const lines = [`GET ${one.target} HTTP/1.1`, `Host: ${variants[one.variant].host}`];
  lines.push(`X-Case: ${name}`);
  if (token !== undefined) lines.push(`Authorization: Bearer ${token}`);
  if (one.kind === 'handshake') {
    lines.push('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13');
    lines.push('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Undefined where the connection was reset. */
async function withPatience<T>(answer: Promise<T>, one: Case): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer: ${JSON.stringify(one)}`)), patienceMs);
  });
  try {
    return await Promise.race([answer.catch(unlessReset), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

function unlessReset(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') throw error;
}
