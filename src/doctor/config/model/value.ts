import type { Configuration } from './configuration.ts';
import type { MapBlock } from './map-block.ts';
import { matches } from './pattern.ts';
import { type Scenario, variableIn } from './scenario.ts';

/** Variables that `set` and friends gave a value; undefined is a value that cannot be known. */
export type Environment = ReadonlyMap<string, string | undefined>;

/** What a text with variables is judged in. */
export interface Setting {
  readonly configuration: Configuration;
  readonly scenario: Scenario;
  readonly environment: Environment;
}

const reference = /\$(?:\{(\w+)\}|(\w+))/g;

/** Maps refer to maps; people nest a few. */
const maxNesting = 8;

/** The names of the variables in a text. */
export function variablesIn(text: string): string[] {
  if (!text.includes('$')) return [];
  return [...text.matchAll(reference)].map(([, braced, bare]) => braced ?? bare ?? '');
}

/** The value of a text with variables; undefined when it cannot be known. */
export function evaluate(text: string, setting: Setting, depth = 0): string | undefined {
  if (!text.includes('$')) return text;
  let isKnown = true;
  const value = text.replace(reference, (_all, braced?: string, bare?: string) => {
    const one = variable(braced ?? bare ?? '', setting, depth);
    if (one === undefined) isKnown = false;
    return one ?? '';
  });
  return isKnown ? value : undefined;
}

/** What a text surely begins with, up to the first variable that cannot be known. */
export function evaluateBeginning(text: string, setting: Setting): string {
  let beginning = '';
  let last = 0;
  for (const match of text.matchAll(reference)) {
    beginning += text.slice(last, match.index);
    const value = variable(match[1] ?? match[2] ?? '', setting, 0);
    if (value === undefined) return beginning;
    beginning += value;
    last = match.index + match[0].length;
  }
  return beginning + text.slice(last);
}

function variable(name: string, setting: Setting, depth: number): string | undefined {
  const { configuration, scenario, environment } = setting;
  if (environment.has(name)) return environment.get(name);
  const map = configuration.maps.get(name);
  if (map !== undefined) {
    return depth < maxNesting ? lookUp(map, setting, depth + 1) : undefined;
  }
  if (configuration.assigned.has(name)) return '';
  return variableIn(scenario, name);
}

function lookUp(map: MapBlock, setting: Setting, depth: number): string | undefined {
  if (map.isOpen) return undefined;
  const source = evaluate(map.source, setting, depth);
  const fallback = map.rows.find(({ key }) => key === 'default')?.value ?? '';
  const plain = ({ key }: { key: string }) => key !== 'default' && !key.startsWith('~');
  if (source === undefined) {
    const results = new Set([...map.rows.map(({ value }) => value), fallback]);
    const [only] = results;
    return results.size === 1 && only !== undefined ? evaluate(only, setting, depth) : undefined;
  }
  const wanted = source.toLowerCase();
  const exact = map.rows.find((row) => plain(row) && literal(row.key).toLowerCase() === wanted);
  if (exact !== undefined) return evaluate(exact.value, setting, depth);
  for (const { key, value } of map.rows) {
    if (!key.startsWith('~')) continue;
    const ignoreCase = key.startsWith('~*');
    const fits = matches(key.slice(ignoreCase ? 2 : 1), ignoreCase, source);
    if (fits === undefined) return undefined;
    if (fits) return evaluate(value, setting, depth);
  }
  return evaluate(fallback, setting, depth);
}

/** A backslash takes the special meaning of a key's first character away. */
function literal(key: string): string {
  return key.startsWith('\\') ? key.slice(1) : key;
}
