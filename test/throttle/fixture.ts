import type { TestContext } from 'node:test';
import { noon } from '../../testkit/jwt.ts';
import { ask, type GateAnswer, handshakeHeaders } from '../../testkit/postern/ask.ts';
import {
  startTestPostern,
  type TestPostern,
  type TestPosternOptions,
} from '../../testkit/postern/start.ts';

/** Addresses of an attacker and of somebody else. */
export const attacker = '203.0.113.7';
export const neighbour = '203.0.113.8';

/** A Postern with a small budget, and a clock that a test sets. */
export interface ThrottledPostern extends TestPostern {
  /** Unix milliseconds. */
  now: number;
  /** What the gate says to a handshake with this as Bearer. */
  present(token: string, from?: string, headers?: Record<string, string>): Promise<GateAnswer>;
  /** As many handshakes with tokens that were never issued, and the reasons of their denials. */
  flood(times: number, from?: string, headers?: Record<string, string>): Promise<string[]>;
}

/** Starts one: five attempts within ten minutes are free. In one process, since each worker counts for itself. */
export async function startThrottled(
  t: TestContext,
  options: TestPosternOptions = {},
): Promise<ThrottledPostern> {
  let now = noon;
  const postern = await startTestPostern(t, {
    clock: () => now,
    singleProcess: true,
    ...options,
    env: { POSTERN_THROTTLE_FAILURES: '5', ...options.env },
  });
  const present: ThrottledPostern['present'] = (token, from = attacker, headers = {}) =>
    ask(postern.gate, {
      ...handshakeHeaders,
      authorization: `Bearer ${token}`,
      'x-real-ip': from,
      ...headers,
    });
  let count = 0;
  return {
    ...postern,
    get log() {
      return postern.log;
    },
    get now() {
      return now;
    },
    set now(moment) {
      now = moment;
    },
    present,
    async flood(times: number, from?: string, headers?: Record<string, string>) {
      const reasons: string[] = [];
      for (let i = 0; i < times; i++) {
        const { status, reason } = await present(`bogus-${count++}`, from, headers);
        reasons.push(reason ?? String(status));
      }
      return reasons;
    },
  };
}
