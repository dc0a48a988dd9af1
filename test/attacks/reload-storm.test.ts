import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { audience, iss, makeJwt, newSigner, startJwksServer } from '../../testkit/jwt.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { sessions } from '../../testkit/sign-on/users.ts';
import { waitFor } from '../../testkit/wait.ts';

/** Processes of a service: the one, and its workers. */
function processesOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number))];
}

/** Megabytes that all of them have in memory. */
function memoryOf(pid: number): number {
  const sizes = processesOf(pid).map((one) => {
    const [, size] = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${one}/status`, 'utf8')) ?? [];
    return Number(size);
  });
  return sizes.reduce((sum, size) => sum + size, 0) / 1_024;
}

for (const workers of [1, 2]) {
  const who = workers === 1 ? 'one process' : `${workers} workers`;
  test(`1,500 reloads at 200 a second, ${who}: bounded memory, no answer lost, keys kept while the issuer is down`, async (t) => {
    const signer = newSigner('ES256');
    const issuer = await startJwksServer(t, signer);
    const service = await startSignOn(t, 'tinyauth');
    const { env, directory } = programEnvironment(t, { POSTERN_WORKERS: String(workers) });
    const config = join(directory, 'postern.yaml');
    const settings = {
      jwt: {
        issuers: {
          one: { issuer: iss, audience: [audience], jwks_url: issuer.url, allow_http: true },
        },
      },
      gates: {
        app: {
          hosts: ['app.example.com'],
          sources: ['bearer', 'bridge'],
          bridge: { service: 'tinyauth', url: service.url },
        },
      },
    };
    // JSON is YAML.
    writeFileSync(config, JSON.stringify(settings));
    const served = await startTestProgram(t, { env: { ...env, POSTERN_CONFIG: config } });
    const seconds = Math.floor(Date.now() / 1_000);
    const jwt = (jti: string) =>
      makeJwt(signer, { jti, iat: seconds, nbf: seconds, exp: seconds + 3_600 });
    const byJwt = async (jti: string) => {
      const { status, reason } = await ask(served.gate, { authorization: `Bearer ${jwt(jti)}` });
      return reason ?? status;
    };
    const bySession = async () => {
      const { status, reason } = await ask(served.gate, { cookie: sessions.tinyauth.alice });
      return reason ?? status;
    };
    // Every worker has the keys before their issuer goes down.
    await waitFor('the keys', async () => {
      const outcomes = await Promise.all(Array.from({ length: 8 }, (_, i) => byJwt(`known-${i}`)));
      return issuer.requests.length === workers && outcomes.every((outcome) => outcome === 200);
    });
    issuer.answer = (_request, response) => response.writeHead(503).end();
    const fetched = issuer.requests.length;
    const reloads = () => served.stdout().split('configuration reloaded').length - 1;
    const before = memoryOf(served.pid);
    let peak = before;
    let sent = 0;
    const signals = new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        process.kill(served.pid, 'SIGHUP');
        if (++sent < 1_500) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
    let isOver = false;
    const asking = (async () => {
      const outcomes = new Set<string | number>();
      for (let i = 0; !isOver; i++) {
        // JWTs that nobody remembers: their signatures are checked with the keys.
        outcomes.add(await byJwt(`new-${i}`)).add(await bySession());
        peak = Math.max(peak, memoryOf(served.pid));
      }
      return outcomes;
    })();
    await signals;
    // The last one counts: what is written before it is in force after it.
    const last = reloads();
    process.kill(served.pid, 'SIGHUP');
    await waitFor('the last reload', () => reloads() >= last + workers);
    isOver = true;
    assert.deepEqual(await asking, new Set([200]));
    assert.equal(issuer.requests.length, fetched);
    assert.ok(peak - before < 150 * workers, `${before} MB before, ${peak} MB at most`);
    // Many signals are one reload.
    assert.ok(reloads() < 500 * workers, `${reloads()} reloads`);
    assert.ok(!served.stdout().includes('"level":"error"'));
  });
}
