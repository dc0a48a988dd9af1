import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import pino from 'pino';
import { type AdminResponse, connectAdmin } from '../../src/cli/admin-client.ts';
import { type Postern, startPostern } from '../../src/compose.ts';
import { loadConfig } from '../../src/config/load.ts';

/** The admin key of every Postern in the tests. */
export const adminKey = 'psa_test-0123456789-abcdefghijklmnop';

/** A Postern in this process, on a store and ports of its own. */
export interface TestPostern extends Postern {
  readonly dataDir: string;
  /** Log lines so far, parsed. */
  readonly log: Record<string, unknown>[];
  /** The log as it was written. */
  rawLog(): string;
  /** The last decision in the log. */
  lastDecision(): Record<string, unknown>;
  /** Sends a request to the admin API with the admin key. */
  api(method: string, path: string, body?: unknown): Promise<AdminResponse>;
  /** Issues a token and returns its secret and id. */
  issue(body?: Record<string, unknown>): Promise<{ token: string; id: string }>;
  /** Issues a ticket and returns its secret and id. */
  issueTicket(body?: Record<string, unknown>): Promise<{ token: string; id: string }>;
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
}

/** A directory that goes with the test. */
export function temporaryDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'postern-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts a Postern and stops it after the test. */
export async function startTestPostern(
  t: TestContext,
  options: TestPosternOptions = {},
): Promise<TestPostern> {
  const dataDir = options.dataDir ?? join(temporaryDirectory(t), 'data');
  const written: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const load = () =>
    loadConfig({
      ...(options.config && { file: options.config }),
      env: {
        POSTERN_GATE_LISTEN: '127.0.0.1:0',
        POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
        POSTERN_DATA_DIR: dataDir,
        POSTERN_ADMIN_KEY: adminKey,
        ...options.env,
      },
    }).config;
  const config = load();
  const postern = await startPostern(config, {
    log: pino({ level: config.log.level, base: null }, sink),
    announceAdminKey: () => {},
    load,
    ...(options.clock && { clock: options.clock }),
  });
  t.after(() => postern.close());
  const client = connectAdmin({ listen: postern.admin, key: config.admin.key }, undefined);
  const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);
  const issueAt = async (path: string, body: Record<string, unknown>) => {
    const { status, body: answer } = await client.send('POST', path, { subject: 'alice', ...body });
    if (status !== 201) throw new Error(`issuing failed: ${JSON.stringify(answer)}`);
    return answer as { token: string; id: string };
  };
  return {
    ...postern,
    dataDir,
    get log() {
      return lines();
    },
    rawLog: () => written.join(''),
    lastDecision() {
      const last = lines().findLast(({ event }) => event === 'decision');
      if (last === undefined) throw new Error('there was no decision');
      return last;
    },
    api: (method, path, body) => client.send(method, path, body),
    issue: (body = {}) => issueAt('/v1/tokens', body),
    issueTicket: (body = {}) => issueAt('/v1/tickets', body),
  };
}
