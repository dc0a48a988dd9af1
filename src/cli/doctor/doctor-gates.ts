import { readFileSync } from 'node:fs';
import { loadConfig } from '../../config/load.ts';
import { readYaml } from '../../config/yaml-file.ts';
import type { GateFile } from '../../doctor/config/gate-file.ts';
import type { Place } from '../../proxies/nginx/syntax/index.ts';

/**
 * Reads the gates of a `postern.yaml`, by itself: neither variables nor secrets of this machine are
 * looked at. Throws ConfigError.
 */
export function readGateFile(file: string): GateFile {
  const { gates } = loadConfig({ file, env: {}, remote: true }).config;
  const { locate } = readYaml(file);
  return {
    gates,
    source: { name: file, text: readFileSync(file, 'utf8') },
    places: new Map(gates.map(({ name }) => [name, placeOf(file, locate(['gates', name]))])),
  };
}

/** Reads `postern.yaml:3:5`. */
function placeOf(file: string, where: string): Place {
  const [, line = '1', column = '1'] = /:(\d+):(\d+)$/.exec(where) ?? [];
  return { file, line: Number(line), column: Number(column) };
}
