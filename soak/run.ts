/**
 * Soak test: puts a service under a steady, mixed load of some millions of requests, and checks that
 * nothing grows: memory, file descriptors, the write-ahead log, the latency of the slowest answers.
 *
 *   npm run soak                              # three million requests
 *   npm run soak -- --requests 1_000_000       # the minimum for a verdict
 *   npm run soak -- --nginx                   # handshakes through a real nginx
 *   npm run soak -- --json out.json
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../bench/machine.ts';
import { print, printStderr } from '../src/cli/toolkit/output.ts';
import { lastOutput, openSoakFixture } from './fixture.ts';
import { compareHalves, type Slice } from './judge.ts';
import { type Load, openLoad } from './load.ts';
import { renderSlices, renderVerdict } from './render.ts';

const options = readOptions();
const interrupt = new AbortController();
process.on('SIGINT', () => interrupt.abort());
process.on('SIGTERM', () => interrupt.abort());

const directory = mkdtempSync(join(tmpdir(), 'postern-soak-'));
try {
  const slices = await soak();
  const verdict = compareHalves(slices);
  const { processor, cores, versions } = describeMachine();
  print(`${renderSlices(slices)}\n\n${renderVerdict(verdict)}`);
  print(`Machine: ${processor}, ${cores} cores; Node ${versions.node}.`);
  if (options.json !== undefined) {
    writeFileSync(options.json, `${JSON.stringify({ slices, ...verdict }, null, 2)}\n`);
  }
  process.exitCode = verdict.verdict === 'grows' ? 1 : 0;
  rmSync(directory, { recursive: true, force: true });
} catch (error) {
  printStderr(
    interrupt.signal.aborted ? 'interrupted' : `soak failed: ${(error as Error).message}`,
  );
  printStderr(`Logs are kept in ${directory}`);
  process.exitCode = interrupt.signal.aborted ? 130 : 1;
}

async function soak(): Promise<Slice[]> {
  const { requests, count, clients, nginx } = options;
  const { signal } = interrupt;
  const fixture = await openSoakFixture({ directory, nginx, signal });
  const slices: Slice[] = [];
  let load: Load | undefined;
  try {
    load = await openLoad(fixture, { clients, nginx, signal });
    for (let i = 1; i <= count; i++) {
      const measured = await load.run(Math.ceil(requests / count));
      slices.push({ ...measured, ...fixture.look() });
      printStderr(
        `slice ${i} of ${count}: ${Math.round(measured.requests / measured.seconds)} requests/s`,
      );
      fixture.clearLog();
      await load.reload();
    }
  } catch (error) {
    // A failing stop must not hide the first error.
    printStderr(`${(error as Error).message}\n${lastOutput(directory)}`.trim());
    throw error;
  } finally {
    // First, so that the service does not wait for open connections.
    load?.close();
    await fixture.close();
  }
  return slices;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        requests: { type: 'string', default: '3_000_000' },
        slices: { type: 'string', default: '20' },
        clients: { type: 'string', default: '32' },
        nginx: { type: 'boolean', default: false },
        json: { type: 'string' },
      },
    });
    return {
      requests: readCount('requests', values.requests),
      count: readCount('slices', values.slices),
      clients: readCount('clients', values.clients),
      nginx: values.nginx,
      json: values.json,
    };
  } catch (error) {
    printStderr(`soak: ${(error as Error).message}`);
    process.exit(2);
  }
}

function readCount(name: string, text: string): number {
  const count = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new Error(`--${name} takes a whole number from 1, not "${text}"`);
}
