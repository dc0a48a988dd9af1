import { mask } from '../../lib/mask.ts';
import { asMap, isMap } from '../raw-values.ts';
import type { RawGateRules } from './gate-schema.ts';

/** A gate's settings for people: without unset ones, secrets masked. */
export function showRules(raw: RawGateRules): Record<string, unknown> {
  const shown = Object.entries(raw).filter(
    ([, value]) => value !== undefined && !(isMap(value) && Object.keys(value).length === 0),
  );
  const headers = Object.entries(asMap(raw.headers)).map(([name, value]) => [
    name,
    isMap(value) && 'value' in value ? { ...value, value: mask } : value,
  ]);
  return {
    ...Object.fromEntries(shown),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  };
}
