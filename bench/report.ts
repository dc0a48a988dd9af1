import { renderTable } from '../src/cli/toolkit/output.ts';
import { renderFindings } from './findings.ts';
import type { Machine } from './machine.ts';
import type { Series } from './rounds.ts';
import { type StartMeasurement, startGoals } from './start.ts';
import { type Figure, isMet } from './store/figure.ts';
import { tokenCount } from './token-store.ts';
import { connections } from './wrk.ts';

/** Results of one run. */
export interface Report {
  readonly machine: Machine;
  readonly seconds: number;
  readonly rounds: number;
  readonly parts: readonly Series[];
  readonly start: StartMeasurement | undefined;
  readonly figures: readonly Figure[];
}

/** Renders the tables for the terminal. */
export function renderReport({ parts, start, figures }: Report): string {
  const tables = [
    ...(parts.length > 0 ? [renderParts(parts)] : []),
    ...(start === undefined ? [] : [renderStart(start)]),
    ...(figures.length > 0 ? [renderFigures(figures)] : []),
  ];
  return tables.join('\n\n');
}

function renderParts(parts: readonly Series[]): string {
  const rate = (name: string) => parts.find((part) => part.name === name)?.requestsPerSecond;
  const [none, swag] = [rate('none'), rate('swag')];
  return renderTable(
    [
      ...['part', '', 'requests/s', 'slowest', '/ none', '/ swag', 'p50 ms', 'p90 ms', 'p99 ms'],
      ...['nginx CPU s', 'service CPU s', 'service peak MB', 'other CPU %', 'rounds'],
    ],
    parts.map((part) => [
      part.name,
      part.title,
      String(Math.round(part.requestsPerSecond)),
      String(Math.round(Math.min(...part.rounds.map((round) => round.requestsPerSecond)))),
      number(none && part.requestsPerSecond / none, 2),
      number(swag && part.requestsPerSecond / swag, 2),
      number(part.latencyMs.p50, 2),
      number(part.latencyMs.p90, 2),
      number(part.latencyMs.p99, 2),
      number(part.nginxCpuSeconds, 2),
      number(part.serviceCpuSeconds, 2),
      number(part.servicePeakMb, 0),
      number(100 * part.otherCpuShare, 0),
      String(part.rounds.length),
    ]),
  );
}

function renderStart({ service, bare }: StartMeasurement): string {
  return renderTable(
    ['', 'Postern', 'goal', 'bare node:http', 'ratio'],
    [
      [
        'first answer, ms after the start',
        number(service.startMs, 0),
        number(startGoals.startMs, 0),
        number(bare.startMs, 0),
        number(service.startMs / bare.startMs, 2),
      ],
      [
        'idle memory (VmRSS), MB',
        number(service.idleMb, 0),
        number(startGoals.idleMb, 0),
        number(bare.idleMb, 0),
        number(service.idleMb / bare.idleMb, 2),
      ],
    ],
  );
}

function renderFigures(figures: readonly Figure[]): string {
  return renderTable(
    ['part', '', '', '', 'against', '', 'ratio', 'goal'],
    figures.map((figure) => [
      figure.part,
      figure.what,
      number(figure.value, figure.value < 100 ? 2 : 0),
      figure.unit,
      figure.against,
      number(figure.baseline, figure.baseline < 100 ? 2 : 0),
      number(figure.value / figure.baseline, 2),
      renderGoal(figure),
    ]),
  );
}

function renderGoal(figure: Figure): string {
  const { goal } = figure;
  if (goal === undefined) return '-';
  const limit = 'atMost' in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`;
  const what = { value: '', ratio: ' times', difference: ` ${figure.unit} more` }[goal.of];
  return `${limit}${what}: ${isMet(figure) ? 'met' : 'missed'}`;
}

/** Renders bench/RESULTS.md. */
export function renderResults(report: Report): string {
  const { machine, seconds, rounds } = report;
  const { versions } = machine;
  return `# Results of the bench

Written by \`npm run bench -- --results --seconds ${seconds} --rounds ${rounds}\`; do not edit by hand.

Machine: ${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB. Node ${versions.node}, nginx ${versions.nginx}, SQLite ${versions.sqlite}, wrk ${versions.wrk}.

\`\`\`
${renderReport(report)}
\`\`\`

## How it was measured

Each part has an nginx with one worker, and a service, of its own. wrk keeps ${connections} connections busy
for ${seconds} s, after a warm-up, with one thread; every request is a WebSocket handshake with the
cookie of the next of ${tokenCount.toLocaleString('en')} tokens, and every single one passed. The backend is a server block of
the same nginx, so its work is in nginx's numbers, in all parts alike; there is no access log. The
load generator, nginx and the service share the cores of this machine: the numbers compare the parts
with each other, they do not tell what another machine can do.

The parts were measured in turn until each had two quiet rounds, in which programs outside the bench
took next to nothing of the machine ("other CPU %"). The numbers are those of a part's fastest round,
because disturbances only ever slow down; "slowest" is the rate of the slowest, quiet or not.

The figures of the last table were measured in turn with what they are compared with. Those that compare
parts of the first table are its numbers; each of the others is the median of its rounds. \`direct\`,
\`quiet\`, \`workers\` and \`growth\` ask without nginx, and processor time is that of all processes of the
service. Which of them has which processor, and the rest, stands in docs/performance.md. Every redemption
was on the disk before it counted.

## What the numbers say

${renderFindings(report)}
`;
}

function number(value: number | undefined, digits: number): string {
  return value === undefined ? '-' : value.toFixed(digits);
}
