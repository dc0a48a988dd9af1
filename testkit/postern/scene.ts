import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type AdminClient, connectAdmin } from '../../src/cli/toolkit/admin-client.ts';
import type { ListenAddress } from '../../src/config/listen-address.ts';
import { ask } from './ask.ts';
import { type Served, type Surroundings, serve } from './program.ts';
import { adminKey } from './start.ts';

/** A secret, and the id to revoke it by. */
export interface Issued {
  readonly token: string;
  readonly id: string;
}

/** A service in a process of its own, and what tests do with it. */
export interface Scene extends Served {
  readonly admin: ListenAddress;
  issue(kind?: 'tokens' | 'tickets', body?: Record<string, unknown>): Promise<Issued>;
  revoke(token: Issued): Promise<void>;
  send: AdminClient['send'];
  /** What the gate says to a token: `200`, or the status and the reason. */
  knock(token: Issued): Promise<string>;
}

/**
 * Starts a service on the store of these surroundings; `alone` in one process, for tests that do something
 * to that process.
 */
export async function startScene(
  t: TestContext,
  { env, alone }: Pick<Surroundings, 'env'> & { readonly alone?: true },
  options: Parameters<typeof serve>[2] = {},
): Promise<Scene> {
  const served = await serve(t, { ...env, ...(alone && { POSTERN_WORKERS: '1' }) }, options);
  const { send } = connectAdmin({ listen: served.admin, key: adminKey }, undefined);
  return {
    ...served,
    send,
    async issue(kind = 'tokens', body = {}) {
      const answer = await send('POST', `/v1/${kind}`, { subject: 'alice', ...body });
      assert.equal(answer.status, 201, JSON.stringify(answer.body));
      return answer.body as Issued;
    },
    async revoke({ id }) {
      const { status, body } = await send('DELETE', `/v1/tokens/${id}`);
      assert.equal(status, 200, JSON.stringify(body));
    },
    async knock({ token }) {
      const { status, reason } = await ask(served.gate, { 'x-original-uri': `/?token=${token}` });
      return reason === undefined ? `${status}` : `${status} ${reason}`;
    },
  };
}
