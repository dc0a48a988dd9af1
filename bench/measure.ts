import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListenAddress } from '../src/config/listen-address.ts';
import { findFreePort } from '../src/proxies/nginx/process.ts';
import { ask } from '../testkit/postern/ask.ts';
import { handshake } from './handshake.ts';
import type { Part } from './parts.ts';
import {
  listFamily,
  readCpuSeconds,
  readMemoryMb,
  readOwnCpuSeconds,
  watchOtherPrograms,
} from './process-usage.ts';
import { startMeasuredService } from './service.ts';
import { startBenchSite } from './site.ts';
import { type FilledStore, tokenCount } from './token-store.ts';
import { type Load, runWrk, writeHeaderLines } from './wrk.ts';

/** Results of one part. */
export interface Measurement extends Load {
  readonly name: string;
  readonly title: string;
  readonly nginxCpuSeconds: number;
  /** These two are undefined without a service. */
  readonly serviceCpuSeconds: number | undefined;
  readonly servicePeakMb: number | undefined;
  /** Share of the processor time, from 0 to 1, used by programs outside the bench. */
  readonly otherCpuShare: number;
}

/** Environment of a measurement. */
export interface BenchEnvironment {
  /** Directory of all files. */
  readonly directory: string;
  readonly store: FilledStore;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

/** Seconds of warm-up: Node compiles hot code. */
const warmUpSeconds = 4;
const warmUpAttempts = 20;

/** Measures one part, with its own nginx and service. */
export async function measurePart(
  part: Part,
  surroundings: BenchEnvironment,
): Promise<Measurement> {
  const { store, seconds, signal } = surroundings;
  const directory = mkdtempSync(join(surroundings.directory, `${part.name}-`));
  const memory = mkdtempSync(
    join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'postern-bench-'),
  );
  const gate = await chooseGate(part, directory);
  const service =
    part.service &&
    (await startMeasuredService({ directory, store, gate, signal, env: part.service.env ?? {} }));
  let measurement: Measurement;
  try {
    const nginx = await startBenchSite(part, { directory, memory, gate });
    try {
      const { port } = nginx;
      await checkGuard(part, port, part.headers ?? { Cookie: store.cookie });
      const headerFile =
        part.headers === undefined
          ? store.cookieFile
          : writeHeaderLines(directory, [Object.entries(part.headers)]);
      const questions = part.headers === undefined ? tokenCount : 1;
      await warmUp(questions, () => runWrk({ port, headerFile, seconds: warmUpSeconds, signal }));
      const nginxPids = listFamily(nginx.pid);
      const servicePids = service === undefined ? [] : [service.pid];
      const nginxBefore = readCpuSeconds(nginxPids);
      const serviceBefore = readCpuSeconds(servicePids);
      const readOtherShare = watchOtherPrograms(
        () => readCpuSeconds([...nginxPids, ...servicePids]) + readOwnCpuSeconds(),
      );
      const load = await runWrk({ port, headerFile, seconds, signal });
      measurement = {
        name: part.name,
        title: part.title,
        ...load,
        nginxCpuSeconds: readCpuSeconds(nginxPids) - nginxBefore,
        serviceCpuSeconds: service && readCpuSeconds(servicePids) - serviceBefore,
        servicePeakMb: service && readMemoryMb(service.pid, 'peak'),
        otherCpuShare: readOtherShare(),
      };
    } finally {
      await nginx.close();
    }
  } finally {
    await service?.stop();
    rmSync(memory, { recursive: true });
  }
  // Logs take a lot of space. After a failure they are kept for diagnosis.
  rmSync(directory, { recursive: true });
  return measurement;
}

/** Loads a part until every request has been sent once in one run, so that cached answers exist. */
async function warmUp(questions: number, run: () => Promise<Load>): Promise<void> {
  for (let attempt = 1; attempt <= warmUpAttempts; attempt++) {
    const { requests } = await run();
    if (requests >= questions) return;
  }
  throw new Error(
    `this machine is too busy: it did not manage ${questions} requests in ${warmUpSeconds} s`,
  );
}

async function chooseGate(part: Part, directory: string): Promise<ListenAddress> {
  if (part.service?.gate === 'unix') return { kind: 'unix', path: join(directory, 'gate.sock') };
  return { kind: 'tcp', host: '127.0.0.1', port: await findFreePort() };
}

/**
 * Checks that the part admits and refuses correctly; one that does not would be fast and
 * meaningless.
 */
async function checkGuard(
  { name, denial }: Part,
  port: number,
  credential: Readonly<Record<string, string>>,
): Promise<void> {
  const knock = (headers: Record<string, string>) =>
    ask({ kind: 'tcp', host: '127.0.0.1', port }, headers, { path: '/socket' });
  const admitted = await knock({ ...handshake, ...credential });
  const stranger = await knock(handshake);
  const isAsExpected =
    denial === 'any' ? stranger.status !== 200 : stranger.status === (denial ?? 200);
  if (admitted.status !== 200 || !isAsExpected) {
    throw new Error(
      `${name}: a handshake with a credential got ${admitted.status}, one without ${stranger.status}`,
    );
  }
}
