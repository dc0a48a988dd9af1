import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../src/proxies/nginx/process.ts';
import { median } from '../../testkit/statistics.ts';
import { listFamily, readCpuSeconds } from '../process-usage.ts';
import type { Processors } from '../processors.ts';
import { type ServerProcess, startBareServer, startMeasuredService } from '../service.ts';
import { runSubrequests } from '../wrk.ts';

/** A server that is loaded without nginx. */
export interface DirectServer extends ServerProcess {
  readonly port: number;
}

/** Load results of a server without nginx. */
export interface DirectLoad {
  readonly perSecond: number;
  /** Processor time per answer, of all processes of the server. */
  readonly cpuMicroseconds: number;
}

/** What to send, and to which server. */
export interface Asked {
  readonly server: DirectServer;
  /** A file of headers, one line per request. */
  readonly headerFile: string;
  /** Processors of the load generator; any by default. */
  readonly processors?: Processors | undefined;
}

const seconds = 2;
/** The first rounds are warm-up: Node compiles hot code. */
const rounds = { toWarmUp: 2, thatCount: 3 };

/** Starts a Postern on a store, with its own directory. */
export async function startDirectService(options: {
  readonly directory: string;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): Promise<DirectServer> {
  const { directory, dataDir, env, signal } = options;
  const port = await findFreePort();
  const service = await startMeasuredService({
    directory: mkdtempSync(join(directory, 'service-')),
    store: { dataDir, cookie: 'postern_token=t1' },
    gate: { kind: 'tcp', host: '127.0.0.1', port },
    ...{ env, signal },
  });
  return { ...service, port };
}

/** Starts the baseline: a bare node:http server. */
export async function startDirectBareServer(options: {
  readonly directory: string;
  readonly signal: AbortSignal;
}): Promise<DirectServer> {
  const { directory, signal } = options;
  const port = await findFreePort();
  const own = mkdtempSync(join(directory, 'bare-'));
  return { ...(await startBareServer({ directory: own, port, signal })), port };
}

/**
 * Loads the servers in alternating rounds, so that a slow period of the machine affects all of
 * them, and returns the medians of each.
 */
export async function askInTurn<Name extends string>(
  asked: Readonly<Record<Name, Asked>>,
  signal: AbortSignal,
): Promise<Record<Name, DirectLoad>> {
  const entries = Object.entries<Asked>(asked).map(([name, one]) => ({
    ...{ name, ...one },
    loads: [] as DirectLoad[],
  }));
  for (let round = -rounds.toWarmUp; round < rounds.thatCount; round++) {
    for (const { loads, ...one } of entries) {
      const load = await askDirectly(one, signal);
      if (round >= 0) loads.push(load);
    }
  }
  const medians = entries.map(({ name, loads }) => [
    name,
    {
      perSecond: median(loads.map(({ perSecond }) => perSecond)),
      cpuMicroseconds: median(loads.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    },
  ]);
  return Object.fromEntries(medians) as Record<Name, DirectLoad>;
}

async function askDirectly(
  { server: { pid, port }, headerFile, processors }: Asked,
  signal: AbortSignal,
): Promise<DirectLoad> {
  const pids = listFamily(pid);
  const before = readCpuSeconds(pids);
  const load = await runSubrequests({ port, headerFile, seconds, processors, signal });
  return {
    perSecond: load.requestsPerSecond,
    cpuMicroseconds: ((readCpuSeconds(pids) - before) / load.requests) * 1e6,
  };
}

/** Runs work with servers that are started one by one, and always stops them. */
export async function withServers<T>(
  starts: readonly (() => Promise<DirectServer>)[],
  work: (...servers: DirectServer[]) => Promise<T>,
): Promise<T> {
  const servers: DirectServer[] = [];
  const stopAll = () => Promise.allSettled(servers.map((server) => server.stop()));
  let result: T;
  try {
    for (const start of starts) servers.push(await start());
    result = await work(...servers);
  } catch (error) {
    // The first error is reported.
    await stopAll();
    throw error;
  }
  const failed = (await stopAll()).find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  return result;
}
