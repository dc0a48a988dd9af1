import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../src/proxies/nginx/process.ts';
import { median } from '../../testkit/statistics.ts';
import { listFamily, readCpuSeconds } from '../process-usage.ts';
import type { Processors } from '../processors.ts';
import { type ServerProcess, startBareServer, startMeasuredService } from '../service.ts';
import { runSubrequests } from '../wrk.ts';

/** A server that is asked without nginx. */
export interface DirectServer extends ServerProcess {
  readonly port: number;
}

/** What asking a server directly came to. */
export interface DirectLoad {
  readonly perSecond: number;
  /** Processor time of an answer, of all processes of the server together. */
  readonly cpuMicroseconds: number;
}

/** What is asked, and of whom. */
export interface Asked {
  readonly server: DirectServer;
  /** A file of headers, one line a question. */
  readonly headerFile: string;
  /** Where the load generator runs; anywhere unless given. */
  readonly processors?: Processors | undefined;
}

const seconds = 2;
/** Those that come first do not count: Node compiles what it finds busy, and takes its time. */
const rounds = { toWarmUp: 2, thatCount: 3 };

/** Starts a Postern on a store, with a directory of its own. */
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

/** Starts the least that Node can do in its place. */
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
 * Loads servers in turn, so that a while in which the machine is slow is to the disadvantage of all,
 * and returns the medians of each.
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

/** Works with servers that are started one after the other, and stops them whatever became of it. */
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
    // What went wrong first is what is told.
    await stopAll();
    throw error;
  }
  const failed = (await stopAll()).find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  return result;
}
