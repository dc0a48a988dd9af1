import { lineOf } from '../gate-file.ts';
import { placeAt, placesOf, renderGatePlace } from '../model/gate-table.ts';
import type { Rule } from '../rule.ts';

/** A gate that stands in postern.yaml only. */
export const idleGate: Rule = {
  code: 'PD032',
  title: 'No location leads to a gate',
  severities: ['warning', 'notice'],
  needsGates: true,
  *find({ configuration, gates, gateFile, trials }) {
    if (gates === undefined || gateFile === undefined) return;
    const named = new Set(
      trials.flatMap(({ naming, at }) => {
        if (naming?.by === 'question' || naming?.by === 'variable') return [naming.name];
        return naming?.by === 'place' && at !== undefined ? [at.gate.name] : [];
      }),
    );
    const isOpen =
      configuration.missing.length > 0 || trials.some(({ naming }) => naming?.by === 'unknown');
    for (const gate of gates.gates) {
      if (named.has(gate.name)) continue;
      const own = trials.find(({ host, path, at }) =>
        at === undefined ? placeAt(gate, host, path) !== undefined : at.gate === gate,
      );
      const places = placesOf(gate).map(renderGatePlace).join(', ');
      yield {
        severity: own === undefined || isOpen ? 'notice' : 'warning',
        at: lineOf(gateFile, gate.name),
        about: `gate ${gate.name}`,
        meaning:
          own === undefined
            ? `${places === '' ? 'Only nginx can name this gate, and no location does' : `No server of this configuration serves ${places}`}: its rules protect nothing here.${isOpen ? ' A part of the configuration is not known, and may name it.' : ''}`
            : `Requests to ${places} come to this nginx, but none of them is asked under this gate: they are not asked at all, or under another name.`,
        change:
          places === ''
            ? `Include gates/${gate.name}.conf in its location, or take the gate out.`
            : `Include gates/${gate.name}.conf or postern-location.conf in the location of its paths. If another nginx serves it, say so in postern.yaml: # postern-doctor: allow PD032 <why>.`,
      };
    }
  },
};
