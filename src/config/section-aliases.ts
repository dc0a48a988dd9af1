import { isDeepStrictEqual } from 'node:util';
import type { Problem } from './config-error.ts';
import { isMap } from './raw-values.ts';
import type { YamlFile } from './yaml-file.ts';

/** Second names of sections: `gate` beside `gates` misleads. */
export const sectionAliases: ReadonlyMap<string, string> = new Map([['auth', 'gate']]);

/** The variable that a variable of an aliased section stands for: `POSTERN_GATE_LISTEN`. */
export function resolveVariable(variable: string): string {
  for (const [alias, section] of sectionAliases) {
    const prefix = `POSTERN_${alias.toUpperCase()}_`;
    if (!variable.startsWith(prefix)) continue;
    return `POSTERN_${section.toUpperCase()}_${variable.slice(prefix.length)}`;
  }
  return variable;
}

/**
 * Moves the settings of aliased sections to the section itself. Positions stay those of the file. Reports a
 * setting that has different values under both names.
 */
export function resolveAliases(document: YamlFile): {
  readonly document: YamlFile;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const raw = { ...document.raw };
  /** The path in the file of each moved setting, by its path in `raw`. */
  const moved = new Map<string, readonly string[]>();
  for (const [alias, section] of sectionAliases) {
    const own = raw[alias];
    if (!Object.hasOwn(raw, alias)) continue;
    delete raw[alias];
    const target = raw[section] ?? undefined;
    if (target === undefined) moved.set(section, [alias]);
    if (!isMap(own) || (target !== undefined && !isMap(target))) {
      // Not a section: the schema reports it. Nothing after the name means: not set.
      raw[section] = target ?? own;
      if (own !== null && !isMap(own) && target !== undefined) {
        problems.push(conflict(document, [alias], [section]));
      }
      continue;
    }
    const merged: Record<string, unknown> = { ...target };
    for (const [name, value] of Object.entries(own)) {
      const other = merged[name] ?? undefined;
      if (other !== undefined && value !== null && !isDeepStrictEqual(other, value)) {
        problems.push(conflict(document, [alias, name], [section, name]));
      }
      if (other !== undefined) continue;
      merged[name] = value;
      moved.set(`${section}.${name}`, [alias, name]);
    }
    raw[section] = merged;
  }
  const locate = (path: readonly string[]) =>
    document.locate(
      moved.get(path.slice(0, 2).join('.')) ?? moved.get(path.slice(0, 1).join('.')) ?? path,
    );
  return { document: { ...document, raw, locate }, problems };
}

function conflict(document: YamlFile, path: readonly string[], other: readonly string[]): Problem {
  return {
    where: document.locate(path),
    path: path.join('.'),
    message: `is another name of ${other.join('.')}, which has another value; write one of them`,
  };
}
