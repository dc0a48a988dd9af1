const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** 100 years: sums with the current time stay valid dates. */
const maxDuration = 36_500 * units.d;

/** The form of a duration, for schemas: `500ms`, `30s`, `15m`, `12h`, `30d`. */
export const durationPattern = '^[0-9]{1,9}(ms|[smhd])$';

/** Parses `500ms`, `30s`, `15m`, `12h` or `30d` to milliseconds; undefined for anything else or over 100 years. */
export function parseDuration(text: string): number | undefined {
  const unit = new RegExp(durationPattern).exec(text)?.[1] as keyof typeof units | undefined;
  if (unit === undefined) return undefined;
  const milliseconds = Number(text.slice(0, -unit.length)) * units[unit];
  return milliseconds <= maxDuration ? milliseconds : undefined;
}

/** Formats milliseconds in the largest unit that divides them. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds === 0) return '0s';
  const whole = (['d', 'h', 'm', 's'] as const).find((unit) => milliseconds % units[unit] === 0);
  return whole === undefined ? `${milliseconds}ms` : `${milliseconds / units[whole]}${whole}`;
}
