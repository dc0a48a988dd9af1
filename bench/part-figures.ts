import type { Series } from './rounds.ts';
import type { Figure, Goal } from './store/figure.ts';

/** A part through nginx that the project has an aim for, and the part that it is compared with. */
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

/** Parts that these cannot be judged without. */
export function baselinesOf(names: readonly string[]): string[] {
  return aims.filter(({ part }) => names.includes(part)).map(({ baseline }) => baseline);
}

/** What the parts came to beside each other, where there is an aim. */
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

/** Microseconds of processor time that a handshake takes, of nginx and the service together. */
function costOf({ nginxCpuSeconds, serviceCpuSeconds = 0, requests }: Series): number {
  return ((nginxCpuSeconds + serviceCpuSeconds) / requests) * 1e6;
}
