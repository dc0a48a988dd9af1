const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Longest duration accepted: 100 years, so that sums with the current time stay dates. */
const longest = 36_500 * units.d;

/** The form of a duration, for schemas: `500ms`, `30s`, `15m`, `12h`, `30d`. */
export const durationPattern = '^[0-9]{1,9}(ms|[smhd])$';

/** Reads `500ms`, `30s`, `15m`, `12h` or `30d` as milliseconds; undefined for anything else or over 100 years. */
export function parseDuration(text: string): number | undefined {
  const unit = new RegExp(durationPattern).exec(text)?.[1] as keyof typeof units | undefined;
  if (unit === undefined) return undefined;
  const milliseconds = Number(text.slice(0, -unit.length)) * units[unit];
  return milliseconds <= longest ? milliseconds : undefined;
}

/** Writes milliseconds in the largest unit that holds them exactly. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const whole = (['d', 'h', 'm', 's'] as const).find((unit) => milliseconds % units[unit] === 0);
  return whole === undefined ? `${milliseconds}ms` : `${milliseconds / units[whole]}${whole}`;
}
