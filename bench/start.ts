import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../src/proxies/nginx/process.ts';
import { median } from '../testkit/statistics.ts';
import { readMemoryMb, readOwnCpuSeconds, watchOtherPrograms } from './process-usage.ts';
import { type ServerProcess, startBareServer, startMeasuredService } from './service.ts';
import type { FilledStore } from './token-store.ts';

/** Start-up time and idle memory of a service. */
export interface StartMeasurement {
  readonly service: StartFigures;
  /** The baseline: a bare `node:http` server on the same machine. */
  readonly bare: StartFigures;
  /** Share of the processor time used by programs outside the bench. */
  readonly otherCpuShare: number;
}

interface StartFigures {
  /**
   * Milliseconds from the start of the process to the first answer: the median of several starts.
   */
  readonly startMs: number;
  readonly idleMb: number;
}

/** Goals of the project. */
export const startGoals: StartFigures = { startMs: 500, idleMb: 90 };

const starts = 7;
/** Milliseconds after the first answer at which idle memory is read. */
const idleMs = 4_000;

/** Starts both kinds of server alternately, several times. */
export async function measureStart(options: {
  readonly directory: string;
  readonly store: FilledStore;
  readonly signal: AbortSignal;
}): Promise<StartMeasurement> {
  const { store, signal } = options;
  const directory = join(options.directory, 'start');
  const startOne = {
    service: (port: number) =>
      startMeasuredService({
        directory,
        store,
        gate: { kind: 'tcp', host: '127.0.0.1', port },
        signal,
      }),
    bare: (port: number) => startBareServer({ directory, port, signal }),
  };
  const readOtherShare = watchOtherPrograms(readOwnCpuSeconds);
  const times = { service: [] as number[], bare: [] as number[] };
  for (let i = 0; i < starts; i++) {
    for (const kind of ['service', 'bare'] as const) {
      const server = await startOne[kind](await findFreePort());
      times[kind].push(server.startMs);
      await server.stop();
    }
  }
  const figures = async (kind: 'service' | 'bare'): Promise<StartFigures> => ({
    startMs: median(times[kind]),
    idleMb: await measureIdle(await startOne[kind](await findFreePort()), signal),
  });
  const service = await figures('service');
  const bare = await figures('bare');
  return { service, bare, otherCpuShare: readOtherShare() };
}

async function measureIdle(server: ServerProcess, signal: AbortSignal): Promise<number> {
  try {
    await sleep(idleMs, undefined, { signal });
    return readMemoryMb(server.pid, 'now');
  } finally {
    await server.stop();
  }
}
