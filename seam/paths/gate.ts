import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { startPostern } from '../../src/app/start.ts';
import { connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Credential, gates, tokenBodies, type Variant } from './places.ts';

/** What nginx asks, and what it takes for good. */
export interface Gate {
  readonly listen: ListenAddress;
  /** The token to present; undefined for nobody. */
  tokenOf(credential: Credential, prefix: Variant['prefix']): string | undefined;
  close(): Promise<void>;
}

/** Starts one, with all that it writes in the directory. */
export type StartGate = (directory: string) => Promise<Gate>;

/** A real Postern with the gates of places.ts, and a token for everybody. */
export const startRealGate: StartGate = async (directory) => {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'postern.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ gates }));
  const env = {
    POSTERN_GATE_LISTEN: '127.0.0.1:0',
    POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
    POSTERN_DATA_DIR: join(directory, 'data'),
    POSTERN_ADMIN_KEY: 'psa_seam-0123456789-abcdefghijklmnop',
  };
  const load = () => loadConfig({ file, env }).config;
  const config = load();
  const postern = await startPostern(config, {
    log: pino({ level: 'silent' }),
    announceAdminKey: () => {},
    load,
  });
  const api = connectAdmin({ listen: postern.admin, key: config.admin.key }, undefined);
  const tokens = new Map<string, string>();
  for (const [credential, bodyFor] of Object.entries(tokenBodies)) {
    for (const prefix of ['', '/app']) {
      const { status, body } = await api.send('POST', '/v1/tokens', bodyFor(prefix));
      if (status !== 201) throw new Error(`no token: ${JSON.stringify(body)}`);
      tokens.set(credential + prefix, (body as { token: string }).token);
    }
  }
  await api.close();
  return {
    listen: postern.gate,
    tokenOf: (credential, prefix) => tokens.get(credential + prefix),
    close: () => postern.close(),
  };
};
