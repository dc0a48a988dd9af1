// Accessors for settings that may violate the schema. Validation reports values of a wrong type; here they
// count as not set.

/** Type guard for a mapping: no list, no scalar. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The mapping; an empty one for anything else. */
export function asMap(value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {};
}

/** The text; undefined for anything else. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The number; undefined for anything else. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The texts in a list; undefined for anything else. */
export function asTexts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : undefined;
}

/** The entries of a mapping that are mappings and whose names match the pattern. */
export function namedSections(raw: unknown, namePattern: string): [string, object][] {
  const pattern = new RegExp(namePattern);
  return Object.entries(asMap(raw)).filter(
    (entry): entry is [string, Record<string, unknown>] =>
      pattern.test(entry[0]) && isMap(entry[1]),
  );
}
