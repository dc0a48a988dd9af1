import { LRUCache } from 'lru-cache';
import type { ThrottleInfo } from '../core/model/throttle.ts';

/** Most tokens whose refusals are remembered. */
const capacity = 1_000;

/**
 * Builds what says which refusals of a token are written down: one within `windowMs`, with how many there
 * were since the one before.
 */
export function createRefusalSampler(windowMs: number) {
  const written = new LRUCache<string, { readonly at: number; omitted: number }>({ max: capacity });
  return (tokenId: string, now: number): ThrottleInfo['record'] => {
    const last = written.get(tokenId);
    if (last !== undefined && Math.abs(now - last.at) < windowMs) {
      last.omitted++;
      return 'skip';
    }
    written.set(tokenId, { at: now, omitted: 0 });
    return { omitted: last?.omitted ?? 0 };
  };
}
