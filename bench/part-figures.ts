import type { Series } from './rounds.ts';
import type { Figure, Goal } from './store/figure.ts';

/** A part with a goal, and its baseline. */
interface Aim {
  readonly part: string;
  readonly what: string;
  readonly baseline: string;
  readonly against: string;
  readonly goal: Goal;
}

const ratioOf = (atLeast: number): Goal => ({ of: 'ratio', atLeast });

const aims: readonly Aim[] = [
  {
    ...{ part: 'cached', what: 'handshakes, answers kept by nginx' },
    ...{ baseline: 'file', against: 'the file test', goal: ratioOf(0.9) },
  },
  {
    ...{ part: 'cached', what: 'handshakes, answers kept by nginx' },
    ...{ baseline: 'none', against: 'no auth', goal: ratioOf(0.75) },
  },
  {
    ...{ part: 'tcp', what: 'handshakes, kept connections on TCP' },
    ...{ baseline: 'swag', against: "SWAG's way", goal: ratioOf(2) },
  },
  {
    ...{ part: 'unix', what: 'handshakes, kept connections on a Unix socket' },
    ...{ baseline: 'swag', against: "SWAG's way", goal: ratioOf(2) },
  },
];

/** Baselines that these parts need. */
export function baselinesOf(names: readonly string[]): string[] {
  return aims.filter(({ part }) => names.includes(part)).map(({ baseline }) => baseline);
}

/** Compares the parts with their baselines, where there is a goal. */
export function compareParts(parts: readonly Series[]): Figure[] {
  const find = (name: string) => parts.find((part) => part.name === name);
  return aims.flatMap(({ part, what, baseline, against, goal }): Figure[] => {
    const [one, base] = [find(part), find(baseline)];
    if (one === undefined || base === undefined) return [];
    return [
      {
        ...{ part, what, against, goal, unit: 'a second' },
        value: one.requestsPerSecond,
        baseline: base.requestsPerSecond,
      },
      {
        ...{ part, what: `processor time of ${what}`, against, unit: 'µs each' },
        value: costOf(one),
        baseline: costOf(base),
      },
    ];
  });
}

/** Microseconds of processor time per handshake, of nginx and the service. */
function costOf({ nginxCpuSeconds, serviceCpuSeconds = 0, requests }: Series): number {
  return ((nginxCpuSeconds + serviceCpuSeconds) / requests) * 1e6;
}
