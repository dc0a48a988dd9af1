import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openConnection } from '../../soak/connection.ts';
import { jobOf, jobs } from '../../soak/jobs.ts';
import { compareHalves, type Slice } from '../../soak/judge.ts';
import { renderVerdict } from '../../soak/render.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

const steady: Slice = {
  ...{ requests: 150_000, seconds: 10, p50: 1, p99: 5 },
  ...{ rssMb: 150, anonymousMb: 90, descriptors: 90, databaseMb: 3, walMb: 6 },
};

/** Twenty slices; each differs from a steady one by what `change` says of its number. */
function twenty(change: (index: number) => Partial<Slice>): Slice[] {
  return Array.from({ length: 20 }, (_, index) => ({ ...steady, ...change(index) }));
}

describe('the verdict of a soak', () => {
  test('a service that takes what it takes is flat', () => {
    const noise = (index: number) => ({
      rssMb: 150 + (index % 3) * 4,
      p99: 5 + (index % 4),
      walMb: 5 + (index % 2),
    });
    assert.equal(compareHalves(twenty(noise)).verdict, 'flat');
  });

  test('what the first slices still lack is warm-up', () => {
    const warming = (index: number) => (index < 2 ? { rssMb: 80, anonymousMb: 40 } : {});
    assert.equal(compareHalves(twenty(warming)).verdict, 'flat');
  });

  test('one slow slice is a busy machine', () => {
    assert.equal(
      compareHalves(twenty((index) => (index === 15 ? { p99: 400 } : {}))).verdict,
      'flat',
    );
  });

  test('a database that holds more is no leak', () => {
    assert.equal(compareHalves(twenty((index) => ({ databaseMb: index * 10 }))).verdict, 'flat');
  });

  for (const [leak, change] of [
    // About 25 bytes a request.
    ['rssMb', (index: number) => ({ rssMb: 150 + index * 4 })],
    ['anonymousMb', (index: number) => ({ anonymousMb: 90 + index * 4 })],
    ['descriptors', (index: number) => ({ descriptors: 90 + index })],
    ['walMb', (index: number) => ({ walMb: 6 + index * 2 })],
    ['p99', (index: number) => ({ p99: 5 + index })],
  ] as const) {
    test(`${leak} that grows with every slice is not flat`, () => {
      const judged = compareHalves(twenty(change));
      assert.equal(judged.verdict, 'grows');
      const grown = judged.comparisons.filter(({ second, most }) => second > most);
      assert.deepEqual(
        grown.map(({ what }) => what),
        [leak],
      );
      assert.match(renderVerdict(judged), new RegExp(`${leak} .*GROWS`));
    });
  }

  test('a few thousand requests say nothing, whatever they show', () => {
    const few = twenty((index) => ({ requests: 1_000, rssMb: 100 + index * 50 }));
    assert.equal(compareHalves(few).verdict, 'short');
  });
});

test('every job has its share in the load', () => {
  const times = new Map<string, number>();
  for (let turn = 0; turn < 10_000; turn++) {
    const { name } = jobOf(turn);
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  for (const { name, share } of jobs) assert.equal(times.get(name), share * 10, name);
});

test('an answer in pieces is one answer, and a connection that ends is none', async (t) => {
  const server = createServer((request, response) => {
    if (request.url === '/end') return request.socket.destroy();
    if (request.url === '/last') response.setHeader('Connection', 'close');
    response.setHeader('Content-Length', 6);
    response.write('abc');
    setImmediate(() => response.end('def'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const connection = await openConnection({ kind: 'tcp', host: '127.0.0.1', port });
  t.after(() => connection.close());
  for (const path of ['/', '/last', '/']) {
    const { status, body } = await connection.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.deepEqual([status, body], [200, 'abcdef']);
  }
  await assert.rejects(connection.send('GET /end HTTP/1.1\r\nHost: a\r\n\r\n'), /closed|reset/);
});

for (const way of ['direct', 'nginx'] as const) {
  test(`a short soak (${way}) gets every answer right and says that it was short`, async (t) => {
    const file = join(temporaryDirectory(t), 'soak.json');
    const extra = way === 'nginx' ? ['--nginx'] : [];
    const args = ['--requests', '10_000', '--slices', '5', '--clients', '8', '--json', file];
    const child = spawn(process.execPath, [join(packageRoot, 'soak/run.ts'), ...args, ...extra]);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    const [code] = await once(child, 'close');
    assert.equal(code, 0, output);
    assert.match(output, /Too short to say: only that every answer was right\./);
    const { slices, verdict } = JSON.parse(readFileSync(file, 'utf8')) as {
      slices: Slice[];
      verdict: string;
    };
    assert.equal(verdict, 'short');
    assert.equal(slices.length, 5);
    for (const { requests, rssMb, descriptors, p99, databaseMb } of slices) {
      assert.ok(requests >= 2_000 && rssMb > 20 && descriptors > 8 && p99 > 0 && databaseMb > 0);
    }
  });
}
