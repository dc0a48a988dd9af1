import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { handshake } from './handshake.ts';

/** What wrk measured. */
export interface Load {
  readonly requestsPerSecond: number;
  readonly requests: number;
  /** Milliseconds within which that share of the requests was answered. */
  readonly latencyMs: { readonly p50: number; readonly p90: number; readonly p99: number };
}

/** Connections that are kept busy at once, all by one thread. */
export const connections = 64;

interface Report {
  readonly requests: number;
  readonly microseconds: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly errors: Readonly<Record<string, number>>;
}

/**
 * Sends handshakes to a port of this machine for a number of seconds, the cookies of `cookieFile` in
 * turn. Rejects when a single one of them was refused, failed or stayed without an answer.
 */
export async function runWrk(options: {
  readonly port: number;
  readonly cookieFile: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
}): Promise<Load> {
  const { port, cookieFile, seconds, signal } = options;
  const headers = Object.entries(handshake).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const script = join(import.meta.dirname, 'handshakes.lua');
  const output = await run(
    [
      ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '-s', script, ...headers],
      ...[`http://127.0.0.1:${port}/socket`, '--', cookieFile],
    ],
    { signal, timeout: (seconds + 15) * 1_000 },
  );
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
  parameters: readonly string[],
  limits: { signal: AbortSignal; timeout: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('wrk', parameters, { ...limits, stdio: ['ignore', 'pipe', 'pipe'] });
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
