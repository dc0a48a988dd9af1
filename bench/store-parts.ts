import type { Figure } from './store/figure.ts';
import { listPart } from './store/list.ts';
import { lookupPart } from './store/lookup.ts';
import { prunePart } from './store/prune.ts';
import { redeemPart } from './store/redeem.ts';

/** Something about the store, measured in this process and without nginx. */
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

/** Every part about the store, in the order in which they are measured. */
export const storeParts: readonly StorePart[] = [lookupPart, redeemPart, prunePart, listPart];
