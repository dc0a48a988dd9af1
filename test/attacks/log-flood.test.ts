import assert from 'node:assert/strict';
import { test } from 'node:test';
import pino from 'pino';
import { createEvents, type DecisionRecord } from '../../src/core/model/events.ts';
import { deny } from '../../src/core/model/verdict.ts';
import { maskText } from '../../src/lib/mask.ts';
import { logEvents } from '../../src/telemetry/log/log-events.ts';
import { createLogSampler } from '../../src/telemetry/log/log-sampler.ts';
import { ask } from '../../testkit/postern/ask.ts';
import { scrape } from '../../testkit/postern/metrics.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

/** The denials that lines of a log stand for. */
function countDenials(lines: readonly Record<string, unknown>[]): number {
  return lines
    .filter(({ event, verdict }) => event === 'decision' && verdict === 'deny')
    .reduce((sum, { request_id, omitted }) => sum + (request_id ? 1 : Number(omitted)), 0);
}

const long = (index: number) => `/${String(index).padEnd(7_000, 'x')}`;

test('of 100,000 denied requests from many networks the log is small, and the counts in it are right', () => {
  const written: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void written.push(line) });
  const sample = createLogSampler(log);
  const events = createEvents(logEvents(log, sample), {});
  for (let i = 0; i < 100_000; i++) {
    const record: DecisionRecord = {
      requestId: String(i),
      at: i,
      milliseconds: 1,
      gate: 'chat',
      matchedBy: undefined,
      verdict: deny(i % 3 === 0 ? 'no_gate' : 'no_credential'),
      method: 'GET',
      host: 'app.example.com',
      path: maskText(long(i)),
      origin: maskText(`https://${long(i)}.example`),
      upgrade: true,
      clientAddress: `10.${i % 7}.${i % 250}.${i % 199}`,
    };
    events.decided(record);
  }
  sample.flush();
  const bytes = written.reduce((sum, line) => sum + line.length, 0);
  assert.ok(bytes < 2_500_000, `${bytes} bytes`);
  const lines = written.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(countDenials(lines), 100_000);
});

test('a flood through the gate is counted in full by the metrics, and what is written of each is short', async (t) => {
  const postern = await startTestPostern(t, { singleProcess: true });
  const total = 1_500;
  for (let i = 0; i < total; i += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        ask(postern.gate, {
          'x-original-uri': `${long(i + index)}?token=`,
          origin: `https://${'y'.repeat(5_000)}.example`,
          'x-real-ip': '198.51.100.9',
        }),
      ),
    );
  }
  const metrics = await scrape(postern.admin);
  assert.equal(metrics.sum('postern_decisions_total', { reason: 'no_credential' }), total);
  const { token } = await postern.issue();
  const allowed = await ask(postern.gate, { 'x-original-uri': `/?token=${token}` });
  assert.equal(allowed.status, 200);
  assert.equal(postern.lastDecision().verdict, 'allow');
  await postern.close();
  const lines = postern.log;
  assert.equal(countDenials(lines), total);
  assert.ok(lines.length < total / 2, `${lines.length} lines`);
  for (const line of postern.rawLog().split('\n')) assert.ok(line.length < 2_000, line);
});
