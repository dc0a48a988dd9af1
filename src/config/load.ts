import { existsSync } from 'node:fs';
import { buildConfig } from './build.ts';
import type { Config } from './config.ts';
import { ConfigError, type Problem } from './config-error.ts';
import { emptyProblems } from './empty-settings.ts';
import { configVariable, readEnvironment } from './environment.ts';
import { type EffectiveSetting, type MergedSettings, mergeSettings } from './merge-settings.ts';
import { asMap, isMap } from './raw-values.ts';
import type { ReportFault } from './report-fault.ts';
import type { RawConfig } from './schema.ts';
import { schemaProblems } from './schema-problems.ts';
import { resolveAliases } from './section-aliases.ts';
import { findWarnings, type Warning } from './warnings.ts';
import { readYaml } from './yaml-file.ts';

/** Used when it exists and no other file is named. */
const defaultFile = 'postern.yaml';

/** A configuration and where each of its values came from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly effective: readonly EffectiveSetting[];
  /** Valid settings that are rarely intended. Looks at the files that the settings name. */
  warnings(): readonly Warning[];
}

/**
 * Loads the configuration: defaults, then the file (`file`, else `POSTERN_CONFIG`, else
 * `postern.yaml` where it exists), then `POSTERN_*` variables. Throws ConfigError with all problems.
 * `remote` is for the file of a service that runs on another machine: settings that read files or
 * variables of that machine (secrets and keys) are left out.
 */
export function loadConfig(
  options: { file?: string; env?: NodeJS.ProcessEnv; remote?: true } = {},
): LoadedConfig {
  const env = options.env ?? process.env;
  const named = options.file ?? (env[configVariable] || undefined);
  const file = named ?? (existsSync(defaultFile) ? defaultFile : undefined);
  const { document, problems: aliasProblems = [] } =
    file === undefined ? {} : resolveAliases(readYaml(file));
  const environment = readEnvironment(env);
  const merged = mergeSettings(document, environment);
  const { raw, effective, locate } = merged;
  const problems = [...aliasProblems, ...environment.problems, ...findSchemaProblems(merged)];
  const report = createReport(problems, locate);
  if (options.remote) dropLocalSettings(raw);
  const config = buildConfig(raw as RawConfig, env, report);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, effective, warnings: () => findWarnings(raw, locate, document) };
}

/** Everything that the schema forbids. An empty list or section is reported once, as empty. */
function findSchemaProblems({ raw, given, locate }: MergedSettings): Problem[] {
  const empty = emptyProblems(given, locate);
  const emptyPaths = new Set(empty.map(({ path }) => path));
  const others = schemaProblems(raw, locate).filter(({ path }) => !emptyPaths.has(path));
  return [...empty, ...others];
}

/**
 * Adds the faults that the builders find to the problems. A value, or a section, of the wrong type was
 * reported by the schema: faults in it are left out.
 */
function createReport(problems: Problem[], locate: MergedSettings['locate']): ReportFault {
  const known = new Set(problems.flatMap(({ path }) => path ?? []));
  return (path, message) => {
    const isReported = [...known].some((other) => other === path || path.startsWith(`${other}.`));
    if (!isReported) problems.push({ where: locate(path.split('.')), path, message });
  };
}

/** Removes settings that read files and variables of the machine that the service runs on. */
function dropLocalSettings(raw: Record<string, unknown>): void {
  delete raw.jwt;
  delete asMap(raw.admin).key_file;
  for (const rules of [raw.default_gate, ...Object.values(asMap(raw.gates))]) {
    if (isMap(rules)) delete rules.headers;
  }
}
