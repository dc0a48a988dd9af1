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

/** Something that is measured with surroundings of its own, beside what it is compared with. */
export interface StorePart {
  /** What it is called on the command line. */
  readonly name: string;
  measure(surroundings: {
    /** Where stores are made. */
    readonly directory: string;
    /** Whether to measure what takes minutes to prepare, too. */
    readonly isLarge: boolean;
    /** How many tokens are very many. */
    readonly tokens: number;
    /** Other auth services that are there to compare with. */
    readonly peers: readonly Peer[];
    readonly announce: (line: string) => void;
    readonly signal: AbortSignal;
  }): Promise<readonly Figure[]>;
}

/** Every such part, in the order in which they are measured. */
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
