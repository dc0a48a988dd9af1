import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../src/nginx/process.ts';
import { type ServerProcess, startBareServer, startService } from '../service.ts';
import { type Figure, median } from '../store/figure.ts';
import { fillStore } from '../store/fill.ts';
import type { StorePart } from '../store-parts.ts';
import { runSubrequests } from '../wrk.ts';
import { ways } from './credentials.ts';

/** Tokens in the store, and how many of them come in turn. */
const tokens = { inStore: 100_000, inUse: 1_000 };
const seconds = 2;
const rounds = 3;

/**
 * Postern asked without nginx, beside a bare `node:http` server that answers 200 with one header: what
 * a decision costs. Both take turns, on the same machine in the same minute.
 */
export const directPart: StorePart = {
  name: 'direct',
  async measure({ directory, announce, signal }) {
    announce(`direct: making ${tokens.inStore} tokens …`);
    const dataDir = join(directory, 'data');
    await fillStore(dataDir, 't', { count: tokens.inStore, rareIn: tokens.inStore });
    const figures: Figure[] = [];
    for (const logLevel of ['warn', 'info']) {
      // The line costs the same whatever the credential was.
      const measured = logLevel === 'warn' ? ways : ways.slice(0, 1);
      for (const { name, goal, env, header } of measured) {
        const file = join(directory, 'headers');
        const lines = Array.from({ length: tokens.inUse }, (_, i) =>
          header(`t${i + 1}`).join('\t'),
        );
        writeFileSync(file, lines.join('\n'));
        const rates = await compare({
          directory,
          signal,
          headerFile: file,
          start: (port) =>
            startService({
              directory: join(directory, 'service'),
              store: { dataDir, cookie: 'postern_token=t1' },
              gate: { kind: 'tcp', host: '127.0.0.1', port },
              env: { ...env, POSTERN_LOG_LEVEL: logLevel },
              signal,
            }),
        });
        const log = logLevel === 'info' ? ', each with its line in the log' : '';
        announce(`direct: ${name}${log}: ${(rates.service / rates.bare).toFixed(2)} of bare`);
        figures.push({
          part: 'direct',
          what: `decisions by ${name}${log}`,
          value: rates.service,
          unit: 'a second',
          against: 'bare node:http',
          baseline: rates.bare,
          ...(logLevel === 'warn' && { goal: { of: 'ratio', atLeast: goal } }),
        });
      }
    }
    return figures;
  },
};

/** Two workers beside one, on the same store. */
export const workersPart: StorePart = {
  name: 'workers',
  async measure({ directory, announce, signal }) {
    const dataDir = join(directory, 'data');
    await fillStore(dataDir, 't', { count: tokens.inUse + 1, rareIn: tokens.inStore });
    const file = join(directory, 'headers');
    const lines = Array.from({ length: tokens.inUse }, (_, i) => `Cookie\tpostern_token=t${i + 1}`);
    writeFileSync(file, lines.join('\n'));
    const rates: Record<'one' | 'two', number[]> = { one: [], two: [] };
    for (let round = 0; round < rounds; round++) {
      for (const [count, measured] of [
        ['1', rates.one],
        ['2', rates.two],
      ] as const) {
        const port = await findFreePort();
        const service = await startService({
          directory: join(directory, 'service'),
          store: { dataDir, cookie: 'postern_token=t1' },
          gate: { kind: 'tcp', host: '127.0.0.1', port },
          env: { POSTERN_WORKERS: count },
          signal,
        });
        try {
          measured.push(await rateOf(port, file, signal));
        } finally {
          await service.stop();
        }
      }
    }
    const [one, two] = [median(rates.one), median(rates.two)];
    announce(`workers: two are ${(two / one).toFixed(2)} times one`);
    return [
      {
        part: 'workers',
        what: 'decisions of two workers, the load generator on the same two processors',
        value: two,
        unit: 'a second',
        against: 'one worker',
        baseline: one,
        goal: { of: 'ratio', atLeast: 1.7 },
      },
    ];
  },
};

async function compare(options: {
  readonly directory: string;
  readonly headerFile: string;
  readonly signal: AbortSignal;
  readonly start: (port: number) => Promise<ServerProcess>;
}): Promise<{ service: number; bare: number }> {
  const { directory, headerFile, signal, start } = options;
  const servicePort = await findFreePort();
  const service = await start(servicePort);
  const rates = { service: [] as number[], bare: [] as number[] };
  try {
    const barePort = await findFreePort();
    const bare = await startBareServer({
      directory: join(directory, 'bare'),
      port: barePort,
      signal,
    });
    try {
      for (let round = 0; round < rounds; round++) {
        rates.bare.push(await rateOf(barePort, headerFile, signal));
        rates.service.push(await rateOf(servicePort, headerFile, signal));
      }
    } finally {
      await bare.stop();
    }
  } finally {
    await service.stop();
  }
  return { service: median(rates.service), bare: median(rates.bare) };
}

async function rateOf(port: number, headerFile: string, signal: AbortSignal): Promise<number> {
  const load = await runSubrequests({ port, headerFile, seconds, signal });
  return load.requestsPerSecond;
}
