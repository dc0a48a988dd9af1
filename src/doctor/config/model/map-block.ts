import type { Scope } from './scope.ts';

/** A `map` block: what decides, and the rows in their order. */
export interface MapBlock {
  readonly source: string;
  readonly rows: readonly { readonly key: string; readonly value: string }[];
  /** Names of hosts with a star are compared by other rules; rows may be missing. */
  readonly isOpen: boolean;
}

/** The name of a variable without its dollar sign. */
export function bareName(variable: string): string {
  return variable.replace(/^\$/, '');
}

/** The `map` blocks of `http`, and what else gives a variable its value by rules that are not followed. */
export function readMaps(http: Scope): Map<string, MapBlock> {
  const maps = new Map<string, MapBlock>();
  for (const { args, block } of http.own('map')) {
    const rows = block?.directives ?? [];
    maps.set(bareName(args[1] ?? ''), {
      source: args[0] ?? '',
      rows: rows
        .filter(({ args }) => args.length === 1)
        .map(({ name, args }) => ({ key: name, value: args[0] ?? '' })),
      isOpen: rows.some(({ name }) => name === 'include' || name === 'hostnames'),
    });
  }
  // What these decide depends on addresses and chance.
  for (const name of ['geo', 'split_clients', 'perl_set', 'js_set']) {
    for (const { args } of http.own(name)) {
      const variable = name.endsWith('_set') ? args[0] : args.at(-1);
      maps.set(bareName(variable ?? ''), { source: '', rows: [], isOpen: true });
    }
  }
  return maps;
}
