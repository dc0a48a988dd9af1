import { isDeepStrictEqual } from 'node:util';
import type { Problem } from './config-error.ts';
import { resolveVariable } from './section-aliases.ts';
import { settings } from './settings.ts';
import { suggest } from './suggest.ts';

/** Settings from environment variables, by path (`gate.listen`). */
export interface EnvironmentSettings {
  readonly values: ReadonlyMap<string, { readonly variable: string; readonly value: unknown }>;
  readonly problems: readonly Problem[];
  /** The variable whose JSON map contains the setting at this path, if there is one. */
  variableAbove(path: string): string | undefined;
}

/** The variable that names the configuration file. */
export const configVariable = 'POSTERN_CONFIG';

/** Variables that Docker links and Kubernetes add for a service called "postern". */
const serviceLink =
  /^POSTERN_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

/**
 * Reads the `POSTERN_*` variables. Lists are separated by commas, maps are JSON. An empty variable counts as
 * unset: compose files pass unset variables on as empty ones.
 */
export function readEnvironment(env: NodeJS.ProcessEnv): EnvironmentSettings {
  const values = new Map<string, { variable: string; value: unknown }>();
  const problems: Problem[] = [];
  const known = new Map(settings.map((setting) => [setting.variable, setting]));
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('POSTERN_') || variable === configVariable || !text) continue;
    const setting = known.get(resolveVariable(variable));
    if (setting !== undefined) {
      const path = setting.path.join('.');
      const value = parseValue(text, setting.schema.type);
      // The parser's message would contain part of the text, which may be a secret.
      const other = values.get(path);
      if (other !== undefined && !isDeepStrictEqual(other.value, value)) {
        const message = `is another name of ${other.variable}, which has another value; set one of them`;
        problems.push({ where: variable, path, message });
      } else if (value === undefined) {
        problems.push({ where: variable, path, message: 'must be JSON' });
      } else values.set(path, { variable, value });
    } else if (!serviceLink.test(variable)) {
      problems.push({
        where: variable,
        path: undefined,
        message: `unknown variable${suggest(variable, [...known.keys(), configVariable])}`,
      });
    }
  }
  const variableAbove = (path: string) =>
    [...values].find(([map]) => path.startsWith(`${map}.`))?.[1].variable;
  return { values, problems, variableAbove };
}

/** Undefined for invalid JSON. */
function parseValue(text: string, type: string | undefined): unknown {
  if (type === 'object') return parseJson(text);
  if (type === 'integer') return /^\d+$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type !== 'array') return text;
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
