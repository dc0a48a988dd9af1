import type { EnvironmentSettings } from './environment.ts';
import { hideSecrets } from './hide-secrets.ts';
import { settings } from './settings.ts';
import type { YamlFile } from './yaml-file.ts';

/** One setting in force, for people to look at. */
export interface EffectiveSetting {
  readonly path: string;
  /** Secrets inside a map are masked already. */
  readonly value: unknown;
  /** `postern.yaml`, an environment variable, or `default`. */
  readonly from: string;
  readonly secret: boolean;
}

/** Settings from defaults, file and environment, merged and not yet validated. */
export interface MergedSettings {
  readonly raw: Record<string, unknown>;
  /** Those that somebody set: `raw` without the defaults. */
  readonly given: Record<string, unknown>;
  readonly effective: readonly EffectiveSetting[];
  /** Where the setting at this path was set, for messages. */
  locate(path: readonly string[]): string;
}

/** Merges the sources of settings: defaults, then the file, then the environment. */
export function mergeSettings(
  document: YamlFile | undefined,
  environment: EnvironmentSettings,
): MergedSettings {
  const raw = structuredClone(document?.raw ?? {});
  const given = structuredClone(raw);
  const effective: EffectiveSetting[] = [];
  const positions = new Map<string, string>();
  for (const { path, schema } of settings) {
    const dotted = path.join('.');
    const fromEnvironment = environment.values.get(dotted);
    const fromFile = getPath(raw, path);
    if (fromEnvironment !== undefined) {
      positions.set(positionKey(path), fromEnvironment.variable);
      setPath(given, path, fromEnvironment.value);
    }
    const value = fromEnvironment?.value ?? fromFile ?? schema.default;
    if (value === undefined) {
      // `key:` with nothing after it is null in YAML, and means: not set.
      removeNull(raw, path);
      continue;
    }
    setPath(raw, path, value);
    const file = fromFile === undefined ? undefined : document?.file;
    const { variable } = fromEnvironment ?? {};
    positions.set(positionKey(path), variable ?? document?.locate(path) ?? 'default');
    effective.push({
      path: dotted,
      value: hideSecrets(value, schema),
      from: variable ?? file ?? 'default',
      secret: schema.writeOnly === true,
    });
  }
  // `gate:` with nothing below it is null too, and means: the whole section has its defaults.
  for (const { path } of settings) removeNull(raw, path.slice(0, 1));
  const locate = (path: readonly string[]) =>
    positions.get(positionKey(path)) ??
    environment.variableAbove(path.join('.')) ??
    document?.locate(path) ??
    path.join('.');
  return { raw, given, effective, locate };
}

/** Names may contain dots, so they are joined by a character that they cannot contain. */
function positionKey(path: readonly string[]): string {
  return path.join('\0');
}

function getPath(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value ?? undefined;
}

function removeNull(object: unknown, path: readonly string[]): void {
  const parent = path.length === 1 ? object : getPath(object, path.slice(0, -1));
  const name = path.at(-1) as string;
  if (typeof parent !== 'object' || parent === null) return;
  if ((parent as Record<string, unknown>)[name] === null) {
    delete (parent as Record<string, unknown>)[name];
  }
}

function setPath(object: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let target = object;
  for (const name of path.slice(0, -1)) {
    const next = target[name] ?? {};
    target[name] = next;
    if (typeof next !== 'object') return; // Not a section: schemaProblems reports it.
    target = next as Record<string, unknown>;
  }
  target[path.at(-1) as string] = value;
}
