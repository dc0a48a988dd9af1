import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { openScope } from '../../testkit/scope.ts';
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
  const scope = openScope();
  const postern = await startTestPostern(scope, {
    config: file,
    dataDir: join(directory, 'data'),
    env: { POSTERN_LOG_LEVEL: 'error' },
    singleProcess: true,
  });
  const tokens = new Map<string, string>();
  for (const [credential, bodyFor] of Object.entries(tokenBodies)) {
    for (const prefix of ['', '/app']) {
      const { token } = await postern.issue(bodyFor(prefix));
      tokens.set(credential + prefix, token);
    }
  }
  return {
    listen: postern.gate,
    tokenOf: (credential, prefix) => tokens.get(credential + prefix),
    close: () => scope.close(),
  };
};
