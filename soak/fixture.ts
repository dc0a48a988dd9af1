import { randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parts } from '../bench/parts.ts';
import { readMemoryMb } from '../bench/process-usage.ts';
import { startMeasuredService } from '../bench/service.ts';
import { startBenchSite } from '../bench/site.ts';
import { openOfflineAdmin } from '../src/app/offline-admin.ts';
import { type ListenAddress, renderListenAddress } from '../src/config/listen-address.ts';
import { loadConfig } from '../src/config/load.ts';
import { audience, iss, makeJwt, newSigner } from '../testkit/jwt.ts';
import { openConnection } from './connection.ts';
import type { Slice } from './judge.ts';

/** A service process, optionally behind nginx, with credentials to present. */
export interface SoakFixture {
  /** Target of handshakes: the service, or nginx. */
  readonly entrance: ListenAddress;
  readonly gate: ListenAddress;
  readonly admin: ListenAddress;
  readonly adminKey: string;
  readonly pid: number;
  readonly tokens: readonly string[];
  readonly jwts: readonly string[];
  /** Current resource usage of the service. */
  look(): Omit<Slice, 'requests' | 'seconds' | 'p50' | 'p99'>;
  /** Truncates the log. */
  clearLog(): void;
  close(): Promise<void>;
}

const counts = { tokens: 500, jwts: 100 } as const;
const day = 86_400;

/**
 * Limit of V8's old space in MiB. With all the memory of a large machine V8 collects rarely, which
 * looks like a leak; a real leak ends in an error here.
 */
const heapMb = 128;

/** Starts the service. All its files are in `directory`. */
export async function openSoakFixture(options: {
  readonly directory: string;
  readonly nginx: boolean;
  readonly signal: AbortSignal;
}): Promise<SoakFixture> {
  const { directory, nginx, signal } = options;
  const dataDir = join(directory, 'data');
  const adminKey = randomBytes(32).toString('base64');
  const gate = { kind: 'unix', path: join(directory, 'gate.sock') } as const;
  const admin = { kind: 'unix', path: join(directory, 'admin.sock') } as const;
  const signer = newSigner('EdDSA');
  const config = join(directory, 'postern.yaml');
  mkdirSync(directory, { recursive: true });
  // JSON is valid YAML.
  const settings = {
    jwt: { issuers: { own: { issuer: iss, audience, public_key: signer.material } } },
    // Behind nginx all clients have the same address here, and must not be throttled.
    throttle: { exempt: ['loopback'] },
    tokens: { retention: '1s' },
    tickets: { retention: '1s' },
    sessions: { retention: '1s' },
  };
  writeFileSync(config, JSON.stringify(settings));
  const tokens = await issueTokens(dataDir, signal);
  const now = Math.floor(Date.now() / 1_000);
  const jwts = Array.from({ length: counts.jwts }, (_, index) =>
    makeJwt(signer, { sub: `jwt-${index}`, jti: `${index}`, iat: now, exp: now + day }),
  );
  const service = await startMeasuredService({
    directory,
    store: { dataDir, cookie: `postern_token=${tokens[0]}` },
    gate,
    program: 'src/cli/main.ts',
    // Start-up is not measured, and the machine may be busy.
    patienceMs: 60_000,
    env: {
      POSTERN_CONFIG: config,
      POSTERN_ADMIN_LISTEN: renderListenAddress(admin),
      POSTERN_ADMIN_KEY: adminKey,
      // The second option is the one that bin/postern.js sets.
      NODE_OPTIONS: `--max-old-space-size=${heapMb} --max-semi-space-size=16`,
    },
    signal,
  });
  // The admin listener starts last.
  while (!(await isThere(admin))) signal.throwIfAborted();
  const part = parts.find(({ name }) => name === 'unix');
  const site =
    nginx && part !== undefined
      ? await retryOnce(() => startBenchSite(part, { directory, gate })).catch(
          async (error: unknown) => {
            await service.stop();
            throw error;
          },
        )
      : undefined;
  const sizeMb = (name: string) => (statSync(name, { throwIfNoEntry: false })?.size ?? 0) / 1e6;
  const database = readdirSync(dataDir).find((name) => name.endsWith('.db')) ?? '';
  return {
    entrance: site === undefined ? gate : { kind: 'tcp', host: '127.0.0.1', port: site.port },
    ...{ gate, admin, adminKey, pid: service.pid, tokens, jwts },
    look: () => ({
      rssMb: readMemoryMb(service.pid, 'now'),
      anonymousMb: readMemoryMb(service.pid, 'anonymous'),
      descriptors: readdirSync(`/proc/${service.pid}/fd`).length,
      databaseMb: sizeMb(join(dataDir, database)),
      walMb: sizeMb(join(dataDir, `${database}-wal`)),
    }),
    clearLog: () => truncateSync(join(directory, 'service.log')),
    async close() {
      await site?.close();
      await service.stop();
    },
  };
}

/** Retries once, if a free port was taken meanwhile. */
function retryOnce<T>(start: () => Promise<T>): Promise<T> {
  return start().catch(start);
}

async function isThere(address: ListenAddress): Promise<boolean> {
  try {
    (await openConnection(address)).close();
    return true;
  } catch {
    await sleep(10);
    return false;
  }
}

/** Issues the tokens before a service opens the store. */
async function issueTokens(dataDir: string, signal: AbortSignal): Promise<string[]> {
  const { config } = loadConfig({ env: { POSTERN_DATA_DIR: dataDir } });
  const admin = await openOfflineAdmin(config);
  const tokens: string[] = [];
  try {
    for (let i = 0; i < counts.tokens; i++) {
      signal.throwIfAborted();
      const { status, body } = await admin.send('POST', '/v1/tokens', { subject: `user-${i}` });
      if (status !== 201) throw new Error(`no token: ${JSON.stringify(body)}`);
      tokens.push((body as { token: string }).token);
    }
  } finally {
    await admin.close();
  }
  return tokens;
}

/** The end of the service's log, for error messages. */
export function lastOutput(directory: string): string {
  return readFileSync(join(directory, 'service.err'), 'utf8').trim().slice(-2_000);
}
