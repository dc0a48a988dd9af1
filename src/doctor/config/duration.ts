const units: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
};

/** Reads a time of nginx (`1d`, `1h 30m` in one word, `240`) as seconds; undefined for a variable. */
export function readSeconds(text: string): number | undefined {
  if (!/^(\d+(ms|[smhdwMy])?\s*)+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount = '', unit = 's'] of text.matchAll(/(\d+)(ms|[smhdwMy])?/g)) {
    seconds += Number(amount) * (units[unit] ?? 1);
  }
  return seconds;
}
