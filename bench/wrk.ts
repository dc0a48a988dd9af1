import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handshake } from './handshake.ts';
import { type Processors, runOn } from './processors.ts';

/** Results of wrk. */
export interface Load {
  readonly requestsPerSecond: number;
  readonly requests: number;
  /** Latency quantiles in milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p90: number; readonly p99: number };
}

/** A header. */
export type Header = readonly [name: string, value: string];

/** Writes a file of headers, one line per request, and returns its path. */
export function writeHeaderLines(directory: string, requests: Iterable<readonly Header[]>): string {
  const file = join(mkdtempSync(join(directory, 'headers-')), 'lines');
  const lines = Array.from(requests, (headers) => `${headers.flat().join('\t')}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}

/** Concurrent connections, on one thread. */
export const connections = 64;

/** Timeout of wrk: on a busy machine some answers take seconds. */
const timeout = '10s';

interface Report {
  readonly requests: number;
  readonly microseconds: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly errors: Readonly<Record<string, number>>;
}

/** Options of a load run. */
export interface Loading {
  /** A file of headers: one line per request, names and values separated by tabs. */
  readonly headerFile: string;
  readonly seconds: number;
  /** Processors of wrk; any by default. */
  readonly processors?: Processors | undefined;
  readonly signal: AbortSignal;
}

/**
 * Sends handshakes to a local port for some seconds, each with the next line of the header file.
 * Rejects when any was refused, failed, or was not answered.
 */
export async function runWrk(options: Loading & { readonly port: number }): Promise<Load> {
  const { port, ...rest } = options;
  return runRequests({ url: `http://127.0.0.1:${port}/socket`, headers: handshake, ...rest });
}

/** The subrequest headers besides the credential. */
const subrequest = {
  Host: 'app.example.com',
  Origin: 'http://app.example.com',
  'X-Original-URI': '/ws',
  'X-Original-Method': 'GET',
  'X-Original-Upgrade': 'websocket',
  'X-Forwarded-Proto': 'http',
  'X-Real-IP': '203.0.113.7',
};

/**
 * Sends subrequests to a gate, as nginx does, each with the next headers. Rejects when any answer
 * was not 200.
 */
export function runSubrequests(options: Loading & { readonly port: number }): Promise<Load> {
  const { port, ...rest } = options;
  return runRequests({ url: `http://127.0.0.1:${port}/auth`, headers: subrequest, ...rest });
}

/**
 * Loads a URL with these headers and the next line of the file. Rejects when any answer was not 2xx
 * or 3xx.
 */
export async function runRequests(
  options: Loading & { readonly url: string; readonly headers: Readonly<Record<string, string>> },
): Promise<Load> {
  const { url, headerFile, seconds, processors, signal } = options;
  const script = join(import.meta.dirname, 'requests.lua');
  const headers = Object.entries(options.headers).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ]);
  const command = runOn(processors, 'wrk', [
    ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', timeout],
    ...['-s', script, ...headers],
    ...[url, '--', headerFile],
  ]);
  const output = await run(command, { signal, timeout: (seconds + 15) * 1_000 });
  const report = parseReport(output);
  const failed = Object.entries(report.errors).filter(([, count]) => count > 0);
  if (failed.length > 0 || report.requests === 0) {
    const counts = failed.map(([kind, count]) => `${kind} ${count}`).join(', ');
    throw new Error(`of ${report.requests} requests not all passed (${counts}):\n${output}`);
  }
  return {
    requestsPerSecond: report.requests / (report.microseconds / 1e6),
    requests: report.requests,
    latencyMs: { p50: report.p50 / 1e3, p90: report.p90 / 1e3, p99: report.p99 / 1e3 },
  };
}

function run(
  [program, parameters]: [string, string[]],
  limits: { signal: AbortSignal; timeout: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { ...limits, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`wrk ended with ${code ?? 'a signal'}:\n${output}`));
    });
  });
}

function parseReport(output: string): Report {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as Report;
  } catch {
    throw new Error(`wrk printed no report:\n${output}`);
  }
}
