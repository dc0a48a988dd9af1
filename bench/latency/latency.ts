import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../src/proxies/nginx/process.ts';
import { median } from '../../testkit/statistics.ts';
import { fillThousand } from '../direct/thousand.ts';
import { handshake } from '../handshake.ts';
import { parts } from '../parts.ts';
import { type Processors, pin, runOn, takeTwoProcessors } from '../processors.ts';
import { startMeasuredService } from '../service.ts';
import { startBenchSite } from '../site.ts';
import type { Figure } from '../store/figure.ts';
import type { StorePart } from '../store-parts.ts';
import { connections, runWrk } from '../wrk.ts';
import type { Outcome, Quantiles, Task } from './generator.ts';

/** Seconds of warm-up, of measuring the maximum rate, and of a round. */
const seconds = { warmUp: 10, atMost: 3, round: { first: 1, counted: 3 } };
const rounds = 7;
/** Share of the maximum rate. */
const half = 0.5;
/** Goal: milliseconds that a gate may add to the 99th percentile. */
const goalMs = 0.5;

/** The two sites, by the names of their parts. */
const kinds = { open: 'none', guarded: 'tcp' } as const;
type Kind = keyof typeof kinds;

/**
 * Latency that a gate adds to a handshake, at half the maximum rate. nginx and Postern share one
 * processor; the load generator has the other, since it must never wait for them.
 */
export const latencyPart: StorePart = {
  name: 'latency',
  async measure({ directory, announce, signal }) {
    const [serving, generating] = takeTwoProcessors();
    const { dataDir, cookies, headerFile } = await fillThousand({ directory, signal });
    const gate = { kind: 'tcp', host: '127.0.0.1', port: await findFreePort() } as const;
    const service = await startMeasuredService({
      directory: join(directory, 'service'),
      store: { dataDir, cookie: cookies[0] ?? '' },
      ...{ gate, signal },
    });
    const measured: Record<Kind, Outcome[]> = { open: [], guarded: [] };
    let perSecond: number;
    try {
      const sites = {
        open: await startNamed(kinds.open, directory, gate),
        guarded: await startNamed(kinds.guarded, directory, gate),
      };
      try {
        for (const { pid } of [service, ...Object.values(sites)]) pin(pid, serving);
        const load = { headerFile, processors: generating, signal };
        for (const { port } of Object.values(sites)) {
          await runWrk({ port, seconds: seconds.warmUp, ...load });
        }
        const { port } = sites.guarded;
        const most = await runWrk({ port, seconds: seconds.atMost, ...load });
        perSecond = Math.round(most.requestsPerSecond * half);
        announce(`latency: ${perSecond} a second, half of what is possible at most …`);
        for (let round = 0; round < rounds; round++) {
          for (const kind of ['open', 'guarded'] as const) {
            const outcome = await generate(
              {
                port: sites[kind].port,
                requests: cookies.map(renderHandshake),
                ...{ perSecond, connections, seconds: seconds.round },
              },
              generating,
              signal,
            );
            announce(`latency: ${kind}: ${describe(outcome)}`);
            measured[kind].push(outcome);
          }
        }
      } finally {
        await sites.open.close();
        await sites.guarded.close();
      }
    } finally {
      await service.stop();
    }
    const compare = (what: string, of: (outcome: Outcome) => number): Figure => ({
      part: 'latency',
      what,
      value: median(measured.guarded.map(of)),
      unit: 'ms',
      against: 'without auth',
      baseline: median(measured.open.map(of)),
    });
    const load = `${perSecond.toLocaleString('en')} a second, half of what is possible`;
    return [
      compare(`p50 of a handshake, ${load}`, ({ latency }) => latency.p50),
      compare(`p90 of a handshake, ${load}`, ({ latency }) => latency.p90),
      {
        ...compare(`p99 of a handshake, ${load}`, ({ latency }) => latency.p99),
        goal: { of: 'difference', atMost: goalMs },
      },
      // If the lag is large, the machine was too busy for the other three figures.
      compare('p99 of how late the load generator sent them', ({ lag }) => lag.p99),
    ];
  },
};

function startNamed(
  name: string,
  directory: string,
  gate: Parameters<typeof startBenchSite>[1]['gate'],
): ReturnType<typeof startBenchSite> {
  const part = parts.find((one) => one.name === name);
  if (part === undefined) throw new Error(`there is no part "${name}"`);
  const own = join(directory, name);
  mkdirSync(own);
  return startBenchSite(part, { directory: own, gate });
}

function renderHandshake(cookie: string): string {
  const lines = Object.entries({ ...handshake, Cookie: cookie });
  const headers = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `GET /socket HTTP/1.1\r\n${headers}\r\n`;
}

/** V8's background threads and long garbage collections would delay the generator. */
const generatorFlags = ['--single-threaded', '--max-semi-space-size=1'];

function generate(task: Task, processors: Processors, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const script = join(import.meta.dirname, 'generator.ts');
    const child = spawn(...runOn(processors, process.execPath, [...generatorFlags, script]), {
      signal,
      env: { PATH: process.env.PATH },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(said.stdout) as Outcome);
      else reject(new Error(`the load generator ended with ${code}:\n${said.stderr}`));
    });
    child.stdin.end(JSON.stringify(task));
  });
}

function describe({ latency, lag }: Outcome): string {
  const render = ({ p50, p90, p99 }: Quantiles) =>
    [p50, p90, p99].map((ms) => ms.toFixed(2)).join(', ');
  return `${render(latency)} ms (p50, p90, p99); sent late by ${render(lag)} ms`;
}
