import { directPart, workersPart } from './direct/direct.ts';
import { stormPart } from './direct/storm.ts';
import { metricsPart } from './metrics.ts';
import type { Figure } from './store/figure.ts';
import { listPart } from './store/list.ts';
import { lookupPart } from './store/lookup.ts';
import { prunePart } from './store/prune.ts';
import { redeemPart } from './store/redeem.ts';

/** Something that is measured without nginx, beside what it is compared with. */
export interface StorePart {
  /** What it is called on the command line. */
  readonly name: string;
  measure(surroundings: {
    /** Where stores are made. */
    readonly directory: string;
    /** Whether to measure what takes minutes to prepare, too. */
    readonly isLarge: boolean;
    readonly announce: (line: string) => void;
    readonly signal: AbortSignal;
  }): Promise<readonly Figure[]>;
}

/** Every such part, in the order in which they are measured. */
export const storeParts: readonly StorePart[] = [
  directPart,
  workersPart,
  stormPart,
  metricsPart,
  lookupPart,
  redeemPart,
  prunePart,
  listPart,
];
