import { describe } from '../ground.ts';
import type { Scope } from '../model/scope.ts';
import { defaultOf, findListeners } from '../model/virtual-host.ts';
import type { Rule } from '../rule.ts';

/** Postern reads `//` as nginx does by default. */
export const mergeSlashes: Rule = {
  code: 'PD034',
  title: 'Doubled slashes make nginx and Postern read a path differently',
  severities: ['fault', 'warning'],
  needsGates: true,
  *find({ configuration, trials }) {
    const listeners = findListeners(configuration.servers);
    const byServer = Map.groupBy(
      trials.filter(({ naming }) => naming?.by === 'place'),
      ({ server }) => server,
    );
    for (const [server, asked] of byServer) {
      const gates = new Set(asked.flatMap(({ at }) => at?.gate.name ?? []));
      if (gates.size < 2) continue;
      const found = lineInForce(server, listeners);
      if (found === undefined) continue;
      const { line, isSure } = found;
      yield {
        severity: isSure ? 'fault' : 'warning',
        at: line,
        about: describe(server),
        meaning: `With merge_slashes off, .. takes away an empty segment: nginx reads /a//../b as /a/b and serves the location /a, while Postern reads it as /b and asks the gate there (${[...gates].join(', ')}). A client chooses by doubled slashes under whose rules it is judged.${isSure ? '' : ' nginx takes this setting of the server that it knows before it reads the host: this one for TLS by name, else the default server of the address.'}`,
        change:
          'Take merge_slashes off out, or name the gate in each location: include gates/NAME.conf, and the path does not count.',
      };
    }
  },
};

function lineInForce(server: Scope, listeners: ReturnType<typeof findListeners>) {
  const isOff = (scope: Scope) => {
    const line = scope.effective('merge_slashes').at(-1);
    return line?.args[0] === 'off' ? line : undefined;
  };
  const own = isOff(server);
  const groups = listeners.filter((one) => one.includes(server));
  for (const listener of groups) {
    const line = isOff(defaultOf(listener));
    if (line !== undefined) return { line, isSure: true };
  }
  return own === undefined ? undefined : { line: own, isSure: false };
}
