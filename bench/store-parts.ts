import { directPart } from './direct/direct.ts';
import { growthPart } from './direct/growth.ts';
import { quietPart } from './direct/quiet.ts';
import { stormPart } from './direct/storm.ts';
import { workersPart } from './direct/workers.ts';
import { latencyPart } from './latency/latency.ts';
import { metricsPart } from './metrics.ts';
import { peerPart } from './peer/peer.ts';
import type { Peer } from './peer/peer-options.ts';
import type { Figure } from './store/figure.ts';
import { listPart } from './store/list.ts';
import { lookupPart } from './store/lookup.ts';
import { prunePart } from './store/prune.ts';
import { redeemPart } from './store/redeem.ts';

/** A part with its own environment and baseline. */
export interface StorePart {
  /** Name on the command line. */
  readonly name: string;
  measure(surroundings: {
    /** Directory of the stores. */
    readonly directory: string;
    /** Whether to include parts that take minutes to prepare. */
    readonly isLarge: boolean;
    /** Number of tokens of the largest store. */
    readonly tokens: number;
    /** Other auth services to compare with. */
    readonly peers: readonly Peer[];
    readonly announce: (line: string) => void;
    readonly signal: AbortSignal;
  }): Promise<readonly Figure[]>;
}

/** All such parts, in the order of measurement. */
export const storeParts: readonly StorePart[] = [
  directPart,
  quietPart,
  workersPart,
  growthPart,
  peerPart,
  latencyPart,
  stormPart,
  metricsPart,
  lookupPart,
  redeemPart,
  prunePart,
  listPart,
];
