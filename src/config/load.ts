import { existsSync } from 'node:fs';
import { buildConfig } from './build.ts';
import type { Config } from './config.ts';
import { ConfigError, type Problem } from './config-error.ts';
import { emptyProblems } from './empty-settings.ts';
import { configVariable, readEnvironment } from './environment.ts';
import { hideSecrets } from './hide-secrets.ts';
import { asMap, isMap } from './raw-values.ts';
import type { Report } from './report.ts';
import { type RawConfig, settings } from './schema.ts';
import { schemaProblems } from './schema-problems.ts';
import { findWarnings, type Warning } from './warnings.ts';
import { readYaml } from './yaml-file.ts';

/** Used when it exists and no other is named. */
const defaultFile = 'postern.yaml';

/** One setting in force, for people to look at. */
export interface EffectiveSetting {
  readonly path: string;
  /** Secrets inside a map are masked already. */
  readonly value: unknown;
  /** `postern.yaml`, an environment variable, or `default`. */
  readonly from: string;
  readonly secret: boolean;
}

/** A configuration and where each of its values came from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly effective: readonly EffectiveSetting[];
  /** What is allowed in it and rarely meant. Looks at the files that it names. */
  warnings(): readonly Warning[];
}

/**
 * Loads the configuration: defaults, then the file (`file`, else `POSTERN_CONFIG`, else
 * `postern.yaml` where it exists), then `POSTERN_*` variables. Throws ConfigError with every
 * problem there is. `away` is for a file whose service runs elsewhere: what only its machine has,
 * secrets and keys, is left out.
 */
export function loadConfig(
  options: { file?: string; env?: NodeJS.ProcessEnv; away?: true } = {},
): LoadedConfig {
  const env = options.env ?? process.env;
  const named = options.file ?? (env[configVariable] || undefined);
  const file = named ?? (existsSync(defaultFile) ? defaultFile : undefined);
  const document = file === undefined ? undefined : readYaml(file);
  const environment = readEnvironment(env);
  const problems: Problem[] = [...environment.problems];

  const raw = structuredClone(document?.raw ?? {});
  /** What was set, without what is so by default. */
  const given = structuredClone(raw);
  const effective: EffectiveSetting[] = [];
  const whereOf = new Map<string, string>();
  for (const { path, schema } of settings) {
    const dotted = path.join('.');
    const fromEnvironment = environment.values.get(dotted);
    const fromFile = getPath(raw, path);
    if (fromEnvironment !== undefined) {
      whereOf.set(path.join('\0'), fromEnvironment.variable);
      setPath(given, path, fromEnvironment.value);
    }
    const value = fromEnvironment?.value ?? fromFile ?? schema.default;
    if (value === undefined) {
      // `key:` with nothing behind it is null in YAML, and means: not set.
      removeNull(raw, path);
      continue;
    }
    setPath(raw, path, value);
    const from =
      fromEnvironment?.variable ?? (fromFile === undefined ? 'default' : (file ?? 'default'));
    whereOf.set(path.join('\0'), fromEnvironment?.variable ?? document?.locate(path) ?? 'default');
    effective.push({
      path: dotted,
      value: hideSecrets(value, schema),
      from,
      secret: schema.writeOnly === true,
    });
  }

  const where = (path: readonly string[]) =>
    whereOf.get(path.join('\0')) ??
    environment.variableAbove(path.join('.')) ??
    document?.locate(path) ??
    path.join('.');
  // `gate:` with nothing below it is null too, and means: all of it as by default.
  for (const { path } of settings) removeNull(raw, path.slice(0, 1));
  const empty = emptyProblems(given, where);
  const isEmpty = new Set(empty.map(({ path }) => path));
  problems.push(...empty, ...schemaProblems(raw, where).filter(({ path }) => !isEmpty.has(path)));
  const faulty = new Set(problems.map(({ path }) => path));
  const report: Report = (path, message) => {
    // A value, or a section, that is not even of the right type was reported already.
    const isReported = [...faulty].some(
      (known) => known === path || (known !== undefined && path.startsWith(`${known}.`)),
    );
    if (!isReported) problems.push({ where: where(path.split('.')), path, message });
  };
  if (options.away) dropLocal(raw);
  const config = buildConfig(raw as RawConfig, env, report);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, effective, warnings: () => findWarnings(raw, where, document) };
}

/** Takes out what is read from other files and from variables. */
function dropLocal(raw: Record<string, unknown>): void {
  delete raw.jwt;
  delete asMap(raw.admin).key_file;
  for (const rules of [raw.default_gate, ...Object.values(asMap(raw.gates))]) {
    if (isMap(rules)) delete rules.headers;
  }
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
    if (typeof next !== 'object') return; // not a section: the schema check says so
    target = next as Record<string, unknown>;
  }
  target[path.at(-1) as string] = value;
}
