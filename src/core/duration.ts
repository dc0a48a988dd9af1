const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Longest duration accepted: 100 years, so that sums with the current time stay dates. */
const longest = 36_500 * units.d;

/** The form of a duration, for schemas: `30s`, `15m`, `12h`, `30d`. */
export const durationPattern = '^[0-9]{1,9}[smhd]$';

/** Reads `30s`, `15m`, `12h` or `30d` as milliseconds; undefined for anything else or over 100 years. */
export function parseDuration(text: string): number | undefined {
  if (!new RegExp(durationPattern).test(text)) return undefined;
  const unit = text.at(-1) as keyof typeof units;
  const milliseconds = Number(text.slice(0, -1)) * units[unit];
  return milliseconds <= longest ? milliseconds : undefined;
}

/** Writes milliseconds in the largest unit that holds them exactly. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (milliseconds >= units[unit] && milliseconds % units[unit] === 0) {
      return `${milliseconds / units[unit]}${unit}`;
    }
  }
  return `${Math.round(milliseconds / units.s)}s`;
}
