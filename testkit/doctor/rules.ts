import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readGateFile } from '../../src/cli/doctor/doctor-gates.ts';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { DemoBackend } from '../../src/demo/backend.ts';
import { tryHandshake } from '../../src/demo/client.ts';
import { type Examination, examine } from '../../src/doctor/config/examine.ts';
import type { Finding } from '../../src/doctor/config/finding.ts';
import type { GateFile } from '../../src/doctor/config/gate-file.ts';
import { renderPatch } from '../../src/doctor/config/report/patch.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { bundleOptionsOf } from '../../src/proxies/nginx/bundle-options.ts';
import type { NginxProcess } from '../../src/proxies/nginx/process.ts';
import { renderBundle } from '../../src/proxies/nginx/render.ts';
import { fitsPathPattern } from '../../src/proxies/nginx/syntax/glob.ts';
import { type FileSet, loadConfiguration } from '../../src/proxies/nginx/syntax/index.ts';
import { temporaryDirectory } from '../directory.ts';
import { startTestNginx } from '../nginx/nginx.ts';
import { startTestPostern, type TestPostern } from '../postern/start.ts';
import { startTestBackend } from '../servers/backend.ts';

/**
 * Files of a configuration by name; `site.conf` is the one that includes the others. With a
 * `postern.yaml` among them, Postern's own files for its gates are below `postern/`.
 */
export type ConfigFiles = Readonly<Record<string, string>>;

/** The version of nginx that runs in the tests, for rules that ask for it. */
export const testedVersion = '1.22.1';

/** Files in memory, as the loader wants them. */
export function memoryFiles(files: ConfigFiles): FileSet {
  return {
    read: (path) => files[path],
    match: (pattern) =>
      Object.keys(files)
        .filter((name) => fitsPathPattern(posix.normalize(pattern), name))
        .sort(),
  };
}

/** Judges files in memory. */
export function examineFiles(
  files: ConfigFiles,
  version: string | undefined = testedVersion,
): Examination {
  const gates = gatesIn(files);
  const all = { ...kitOf(files), ...files };
  return examine(loadConfiguration('site.conf', memoryFiles(all)), version, gates);
}

const gateFileName = 'postern.yaml';

/** The gates of an example. */
function gatesIn(files: ConfigFiles): GateFile | undefined {
  const text = files[gateFileName];
  if (text === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'postern-gates-'));
  try {
    const file = join(directory, gateFileName);
    writeFileSync(file, text);
    const read = readGateFile(file);
    const places = [...read.places].map(
      ([name, place]) => [name, { ...place, file: gateFileName }] as const,
    );
    return { ...read, source: { name: gateFileName, text }, places: new Map(places) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Postern's files for the gates of an example; none where it has no gates. */
export function kitOf(files: ConfigFiles): ConfigFiles {
  const gates = gatesIn(files);
  return gates === undefined ? {} : kitFor(gates);
}

/** Postern's files for nginx, below `postern/`. */
function kitFor({ gates }: Pick<GateFile, 'gates'>, listen?: ListenAddress): ConfigFiles {
  const { config } = loadConfig({ env: { POSTERN_GATE_LISTEN: '127.0.0.1:8420' } });
  const options = bundleOptionsOf({ ...config, gates });
  const kit = renderBundle('plain', { ...options, gate: listen ?? options.gate });
  return Object.fromEntries([...kit].map(([name, text]) => [`postern/${name}`, text]));
}

/** Judges a text. */
export function examineText(text: string, version?: string): Examination {
  return examineFiles({ 'site.conf': text }, version);
}

/** The codes of findings, with their severity: `PD001 fault`. */
export function codesOf(findings: readonly Finding[]): string[] {
  return findings.map(({ code, severity }) => `${code} ${severity}`);
}

/** The page of a rule. */
export function readPage(code: string): string {
  return readFileSync(join(packageRoot, 'docs', 'doctor', `${code}.md`), 'utf8');
}

/**
 * An example of a page: the files below one of its headings. A file names itself in its first line. The
 * gates, as YAML, stand in the example, or once for both.
 */
export function readExample(code: string, heading: 'Wrong' | 'Right'): ConfigFiles {
  const page = readPage(code);
  const [, section = ''] = page.split(new RegExp(`^## ${heading}\\b.*$`, 'm'));
  const [own = ''] = section.split(/^## /m);
  const files: Record<string, string> = {};
  for (const [, text = ''] of own.matchAll(/^```nginx\n(.*?)^```$/gms)) {
    files[/^# (\S+\.conf)$/m.exec(text.split('\n')[0] ?? '')?.[1] ?? 'site.conf'] = text;
  }
  const yaml = /^```yaml\n(.*?)^```$/ms;
  const gates = yaml.exec(own)?.[1] ?? yaml.exec(page)?.[1];
  if (gates !== undefined) files[gateFileName] = gates;
  assert.ok('site.conf' in files, `${code} has no example "${heading}"`);
  return files;
}

/** A request that the auth service of an example was asked. */
export interface AuthQuestion {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Tells connections apart. */
  readonly port: number | undefined;
}

/** An example, running in a real nginx. */
export interface ExampleSite {
  readonly nginx: NginxProcess;
  readonly backend: DemoBackend;
  readonly questions: AuthQuestion[];
  readonly url: string;
  readonly socketUrl: string;
  readonly directory: string;
  /** The Postern that is asked, where the example has gates. */
  readonly postern: TestPostern | undefined;
}

/** What an example runs with beside its own text. */
export interface ExampleOptions {
  /** Answers in place of the ordinary auth service. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void;
  /** More files beside the configuration, such as a list of passwords. */
  readonly files?: ConfigFiles;
  /** Starts an application in place of the ordinary one, and gives its port. */
  readonly application?: (t: TestContext) => Promise<number>;
}

/** The cookie with which the auth service of every example lets people in. */
export const goodCookie = { cookie: 'session=good' } as const;

function answerByCookie(request: IncomingMessage, response: ServerResponse): void {
  const isGood = request.headers.cookie?.includes(goodCookie.cookie) === true;
  if (isGood) response.setHeader('Remote-User', 'alice');
  else response.setHeader('WWW-Authenticate', 'Bearer');
  // Sent without a body and with its length, so that nginx can use the connection again.
  response.statusCode = isGood ? 200 : 401;
  response.setHeader('Content-Length', 0).end();
}

/**
 * Starts nginx with an example as it stands in the page: `listen 80`, the auth service at
 * 127.0.0.1:9000 and the application at 127.0.0.1:8080 get the ports they have here.
 */
export async function startExample(
  t: TestContext,
  files: ConfigFiles,
  options: ExampleOptions = {},
): Promise<ExampleSite> {
  const directory = temporaryDirectory(t);
  const backend = await startTestBackend(t);
  const questions: AuthQuestion[] = [];
  const auth = createServer((request, response) => {
    const { url = '', headers, socket } = request;
    questions.push({ url, headers, port: socket.remotePort });
    (options.answer ?? answerByCookie)(request, response);
  });
  await new Promise<void>((resolve) => auth.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    auth.close();
    auth.closeAllConnections();
  });
  const applicationPort = (await options.application?.(t)) ?? backend.port;
  const authPort = (auth.address() as AddressInfo).port;
  const place = (text: string) =>
    text
      .replaceAll('127.0.0.1:9000', `127.0.0.1:${authPort}`)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${applicationPort}`)
      .replaceAll('/var/log/nginx', directory)
      .replaceAll('/var/cache/nginx', directory)
      .replaceAll('/var/www', directory)
      .replaceAll('/etc/nginx', directory);
  const { postern, kit } = await startGates(t, files);
  for (const [name, text] of Object.entries({ ...kit, ...options.files, ...files })) {
    if (name === 'site.conf') continue;
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), place(text));
  }
  const text = place(files['site.conf'] ?? '');
  const nginx = await startTestNginx(t, {
    directory,
    http: (port) =>
      `${text.includes('access_log') ? '' : 'access_log off;'}\n${text.replaceAll(/listen 80\b/g, `listen 127.0.0.1:${port}`)}`,
  });
  return {
    ...{ nginx, backend, questions, directory, postern },
    url: `http://127.0.0.1:${nginx.port}`,
    socketUrl: `ws://127.0.0.1:${nginx.port}`,
  };
}

/** Starts a Postern with the gates of an example, and renders its files for nginx. */
async function startGates(t: TestContext, files: ConfigFiles) {
  const text = files[gateFileName];
  const gates = gatesIn(files);
  if (text === undefined || gates === undefined) return { postern: undefined, kit: {} };
  const config = join(temporaryDirectory(t), gateFileName);
  writeFileSync(config, text);
  const postern = await startTestPostern(t, { config });
  return { postern, kit: kitFor(gates, postern.gate) };
}

/** What a real nginx does with the two examples of a rule. */
export interface Proof extends ExampleOptions {
  /** Shows that the fault is real. */
  readonly wrong: (site: ExampleSite, t: TestContext) => Promise<void>;
  /** Shows that the mended one does not have it. */
  readonly right: (site: ExampleSite, t: TestContext) => Promise<void>;
  /** False where the mended example has nothing to do with handshakes. */
  readonly letsIn?: false;
}

/**
 * The tests every rule has: its examples are judged as the page says, a real nginx behaves as the
 * page says, and the patch, where there is one, mends the wrong example.
 */
export function proveRule(code: string, proof: Proof): void {
  test(`${code} is found in its wrong example, and not in the right one`, () => {
    const wrong = examineFiles(readExample(code, 'Wrong'));
    assert.ok(
      wrong.findings.some((one) => one.code === code),
      `found only ${codesOf(wrong.findings)}`,
    );
    const right = examineFiles(readExample(code, 'Right'));
    const rest = right.findings.filter((one) => one.code === code || one.severity !== 'notice');
    assert.deepEqual(codesOf(rest), []);
  });

  test(`${code}: nginx does what the page says of the wrong example`, async (t) => {
    await proof.wrong(await startExample(t, readExample(code, 'Wrong'), proof), t);
  });

  test(`${code}: nginx does what the page says of the right example`, async (t) => {
    const site = await startExample(t, readExample(code, 'Right'), proof);
    await proof.right(site, t);
    if (proof.letsIn === false) return;
    const token = await site.postern?.issue();
    const host = /server_name (\S+);/.exec(readExample(code, 'Right')['site.conf'] ?? '')?.[1];
    const headers =
      token === undefined
        ? goodCookie
        : { authorization: `Bearer ${token.token}`, ...(host !== undefined && { host }) };
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, headers)).status, 101);
  });

  test(`${code}: the patch, where there is one, mends the wrong example`, async (t) => {
    const files = readExample(code, 'Wrong');
    const found = examineFiles(files).findings.filter((one) => one.code === code);
    const edits = found.flatMap(({ edits }) => edits);
    if (edits.length === 0) return;
    const mended = applyPatch(files, renderPatch(edits));
    assert.notDeepEqual(mended, files);
    const left = examineFiles(mended).findings.filter((one) => one.code === code);
    assert.deepEqual(codesOf(left), []);
    await proof.right(await startExample(t, mended, proof), t);
  });
}

/** Applies a unified patch to files in memory, strictly: every line has to be where it says. */
export function applyPatch(files: ConfigFiles, patch: string): ConfigFiles {
  const result: Record<string, string> = { ...files };
  for (const part of patch.split(/^--- /m).slice(1)) {
    const [name = ''] = part.split('\n');
    const old = (files[name] ?? '').match(/[^\n]*\n|[^\n]+$/g) ?? [];
    const fresh: string[] = [];
    let at = 0;
    for (const hunk of part.split(/^@@ /m).slice(1)) {
      const [head = '', ...body] = hunk
        .replace(/\n\\ No newline at end of file/g, '\u0000')
        .split('\n');
      const [, start = '', count = ''] = /^-(\d+),(\d+) /.exec(head) ?? [];
      const from = Number(count) === 0 ? Number(start) : Number(start) - 1;
      fresh.push(...old.slice(at, from));
      at = from;
      for (const line of body.filter((one) => one !== '')) {
        const text = line.endsWith('\u0000') ? line.slice(1, -1) : `${line.slice(1)}\n`;
        if (line[0] !== '+') assert.equal(old[at++], text, `the patch does not fit: ${line}`);
        if (line[0] !== '-') fresh.push(text);
      }
    }
    result[name] = [...fresh, ...old.slice(at)].join('');
  }
  return result;
}
