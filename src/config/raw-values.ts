// Settings as they came, before or in spite of the schema's verdict: what is of another type than it
// should be, the schema reports, and here it counts as not set.

/** A mapping, as opposed to a list or a plain value. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The mapping, or an empty one. */
export function asMap(value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {};
}

/** The text; undefined where there is none. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The texts of a list; undefined where there is no list. */
export function asTexts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : undefined;
}

/** The sections of a mapping whose names have this form. */
export function namedSections(raw: unknown, namePattern: string): [string, object][] {
  const isName = new RegExp(namePattern);
  return Object.entries(asMap(raw)).filter(
    (entry): entry is [string, Record<string, unknown>] => isName.test(entry[0]) && isMap(entry[1]),
  );
}
