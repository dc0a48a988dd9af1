import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { type Postern, startPostern } from '../../src/app/start.ts';
import { type AdminResponse, connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryDirectory } from '../directory.ts';
import type { Scope } from '../scope.ts';
import { adminKey } from './admin-key.ts';
import type { Issued } from './issued.ts';
import { workersOfTests, workersSetting } from './worker-count.ts';
import { startWithWorkers } from './workers.ts';

/** A Postern that a test started, wherever it runs. */
export interface RunningPostern extends Omit<Postern, 'clusterHandlers'> {
  /** The log as it was written. */
  rawLog(): string;
}

/** A Postern on a store and ports of its own: in this process, or with workers in others. */
export interface TestPostern extends RunningPostern {
  readonly dataDir: string;
  /** Log lines so far, parsed. */
  readonly log: Record<string, unknown>[];
  /** The last decision in the log. */
  lastDecision(): Record<string, unknown>;
  /** Sends a request to the admin API with the admin key. */
  api(method: string, path: string, body?: unknown): Promise<AdminResponse>;
  /** Issues a token and returns its secret and id. */
  issue(body?: Record<string, unknown>): Promise<Issued>;
  /** Issues a ticket and returns its secret and id. */
  issueTicket(body?: Record<string, unknown>): Promise<Issued>;
}

/** Options of startTestPostern. */
export interface TestPosternOptions {
  /** Environment variables beside those for ports, store and admin key. */
  readonly env?: Record<string, string>;
  /** A configuration file. */
  readonly config?: string;
  readonly clock?: () => number;
  /** Use this store directory, and leave it in place. */
  readonly dataDir?: string;
  /**
   * Runs in this process always: the test prunes, moves the clock on behind the back of nginx, or counts what
   * one process asks of others, as each worker does for itself.
   */
  readonly singleProcess?: true;
}

/** What a Postern of the tests is started with. */
export interface StartOptions {
  /** A directory of the test. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly config: string | undefined;
  readonly clock: (() => number) | undefined;
  /** Reads the configuration that this comes to. */
  readonly load: () => Config;
}

/** Starts a Postern and stops it after the test. */
export async function startTestPostern(
  t: Scope,
  options: TestPosternOptions = {},
): Promise<TestPostern> {
  const directory = temporaryDirectory(t);
  const dataDir = options.dataDir ?? join(directory, 'data');
  const { config, clock } = options;
  const env = {
    POSTERN_GATE_LISTEN: '127.0.0.1:0',
    POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
    POSTERN_DATA_DIR: dataDir,
    POSTERN_ADMIN_KEY: adminKey,
    ...workersSetting(),
    ...options.env,
  };
  const load = () => loadConfig({ ...(config !== undefined && { file: config }), env }).config;
  const { key } = load().admin;
  const hasWorkers = workersOfTests() > 1 && options.singleProcess === undefined;
  const postern = await (hasWorkers ? startWithWorkers : startHere)(t, {
    ...{ directory, env, config, clock, load },
  });
  const send = (method: string, path: string, body?: unknown) =>
    connectAdmin({ listen: postern.admin, key }, undefined).send(method, path, body);
  const lines = () =>
    postern
      .rawLog()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const issueAt = async (path: string, body: Record<string, unknown>) => {
    const { status, body: answer } = await send('POST', path, { subject: 'alice', ...body });
    if (status !== 201) throw new Error(`issuing failed: ${JSON.stringify(answer)}`);
    return answer as Issued;
  };
  return {
    get gate() {
      return postern.gate;
    },
    get admin() {
      return postern.admin;
    },
    get pruning() {
      return postern.pruning;
    },
    reload: postern.reload,
    close: postern.close,
    rawLog: postern.rawLog,
    dataDir,
    get log() {
      return lines();
    },
    lastDecision() {
      const last = lines().findLast(({ event }) => event === 'decision');
      if (last === undefined) throw new Error('there was no decision');
      return last;
    },
    api: send,
    issue: (body = {}) => issueAt('/v1/tokens', body),
    issueTicket: (body = {}) => issueAt('/v1/tickets', body),
  };
}

/** Starts one in this process. */
async function startHere(t: Scope, { clock, load }: StartOptions): Promise<RunningPostern> {
  const written: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const config = load();
  const postern = await startPostern(config, {
    log: pino({ level: config.log.level, base: null }, sink),
    announceAdminKey: () => {},
    load,
    ...(clock && { clock }),
  });
  t.after(() => postern.close());
  return { ...postern, rawLog: () => written.join('') };
}
