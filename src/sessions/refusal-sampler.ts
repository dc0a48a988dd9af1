import { LRUCache } from 'lru-cache';
import type { ThrottleInfo } from '../core/model/throttle.ts';

/** Limit on tracked tokens. */
const capacity = 1_000;

/**
 * Sampling of refusals by token: records one in `windowMs`, with the number left out since the one
 * before.
 */
export function createRefusalSampler(windowMs: number) {
  const lastRecorded = new LRUCache<string, { readonly at: number; omitted: number }>({
    max: capacity,
  });
  return (tokenId: string, now: number): ThrottleInfo['record'] => {
    const last = lastRecorded.get(tokenId);
    if (last !== undefined && Math.abs(now - last.at) < windowMs) {
      last.omitted++;
      return 'skip';
    }
    lastRecorded.set(tokenId, { at: now, omitted: 0 });
    return { omitted: last?.omitted ?? 0 };
  };
}
