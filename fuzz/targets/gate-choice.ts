import type { Gate } from '../../src/core/gate/gate.ts';
import { createGateRouter } from '../../src/core/gate/gate-router.ts';
import {
  type HostPattern,
  matchesHost,
  parseHostPattern,
} from '../../src/core/gate/host-pattern.ts';
import {
  matchesPath,
  type PathPattern,
  parsePathPattern,
} from '../../src/core/gate/path-pattern.ts';
import { readPath } from '../../src/core/gate/path-readings.ts';
import { findAmbiguities } from '../../src/core/gate/routes.ts';
import { isDenial } from '../../src/core/model/verdict.ts';
import { several } from '../../testkit/random.ts';
import { expect, type Target } from '../target.ts';

const hosts = ['app.example.com', '*.example.com', '*.app.example.com', '-'];
const paths = ['/', '/ws', '/rooms/*', '/rooms/*/ws', '=/ws', '/**', '/WS', '/ro*s', '-'];
const asked = [
  '/ws',
  '/WS',
  '/rooms/1/ws',
  '/rooms/..;/ws',
  '/%57s',
  '/rooms%2f1',
  '//ws',
  '/w\\s',
];

/** First line: host and path that are asked for. Each further one: host and path of a gate. */
export const gateChoice: Target = {
  seeds: [
    'app.example.com /ws\napp.example.com /\napp.example.com /ws',
    'app.example.com /WS\napp.example.com /\napp.example.com =/ws',
    'a.example.com /rooms/1/ws\n*.example.com /rooms/*\n- /rooms/*/ws\na.example.com -',
    'a.example.com /\n',
  ],
  words: [...hosts, ...paths, ...asked, '\n', ' '],
  longest: 4_096,
  generate: (random) =>
    [
      `${random.pick(['app.example.com', 'a.app.example.com', 'b.example.com'])} ${random.pick(asked)}`,
      ...several(random, 5, () => `${random.pick(hosts)} ${random.pick(paths)}`),
    ].join('\n'),
  run(text) {
    const [first = '', ...lines] = text.split('\n');
    const [host = '', path = ''] = first.split(' ');
    const gates = lines.slice(0, 20).flatMap((line, index) => gateOf(line, index));
    const isAmbiguous = findAmbiguities(gates).length > 0;
    const choice = createGateRouter(gates);
    const chosen = choice.match({ gateName: undefined, host, path, locationPath: undefined });
    const unknown = choice.match({
      gateName: 'no-such-gate',
      host,
      path,
      locationPath: undefined,
    });
    expect(isDenial(unknown), 'a gate that nobody knows is none');
    const read = readPath(path);
    const isAt = ({ hosts, paths }: Gate, what: string) =>
      hosts.length + paths.length > 0 &&
      (hosts.length === 0 || hosts.some((one) => matchesHost(one, host))) &&
      (paths.length === 0 || paths.some((one) => matchesPath(one, what)));
    const fitting = read === undefined ? [] : gates.filter((gate) => isAt(gate, read.resolved));
    if (isDenial(chosen)) {
      const isPlain =
        read !== undefined && read.all.length === 1 && !/[A-Z]/.test(path) && fitting.length === 1;
      const hasCapitals = gates.some(({ settings }) => settings.capitals === true);
      expect(!isPlain || hasCapitals, 'a place of one gate is at that gate', chosen.detail);
      return chosen.detail ?? chosen.reason;
    }
    for (const reading of read?.all ?? []) {
      expect(isAt(chosen.gate, reading.path), 'the chosen gate is at that place', reading);
    }
    if (!isAmbiguous) {
      const turned = createGateRouter(gates.toReversed()).match({
        gateName: undefined,
        host,
        path,
        locationPath: undefined,
      });
      const isSame = !isDenial(turned) && turned.gate === chosen.gate;
      expect(isSame, 'the order in the configuration does not matter', chosen.matchedBy);
    }
    return isAmbiguous ? 'chosen though ambiguous' : `chosen of ${Math.min(fitting.length, 3)}`;
  },
};

function gateOf(line: string, index: number): Gate[] {
  const [host = '-', path = '-'] = line.split(' ');
  const hosts = host === '-' ? [] : [parseHostPattern(host)];
  const paths = path === '-' ? [] : [parsePathPattern(path)];
  const isRead =
    hosts.every((one) => one !== undefined) && paths.every((one) => !('invalid' in one));
  if (!isRead) return [];
  return [
    {
      name: `gate-${index}`,
      hosts: hosts as HostPattern[],
      paths: paths as PathPattern[],
      settings: { capitals: /[A-Z%;\\]/.test(path) },
    } as unknown as Gate,
  ];
}
