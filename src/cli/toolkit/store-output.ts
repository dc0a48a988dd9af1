/** What a store holds, in one line. Names come from its tables, so that no kind is forgotten. */
export function renderRows(rows: Readonly<Record<string, number>>): string {
  const parts = Object.entries(rows).map(
    ([table, count]) => `${table.replaceAll('_', ' ')}: ${count}`,
  );
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}
