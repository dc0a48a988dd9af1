/**
 * Renders row counts as one line. The names come from the store's tables, so that none is missing.
 */
export function renderRowCounts(rows: Readonly<Record<string, number>>): string {
  const parts = Object.entries(rows).map(
    ([table, count]) => `${table.replaceAll('_', ' ')}: ${count}`,
  );
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}
