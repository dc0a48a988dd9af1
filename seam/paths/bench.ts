import { minimise } from '../../fuzz/minimise.ts';
import { nginxPrograms } from '../../testkit/nginx/programs.ts';
import type { Random } from '../../testkit/random.ts';
import { frameworks } from '../../testkit/servers/backends/index.ts';
import type { Bench, Finding, Findings } from '../property.ts';
import { type Case, type Outcome, openPathsFixture, type PathsFixture } from './fixture.ts';
import { type StartGate, startRealGate } from './gate.ts';
import { knownTargets } from './known.ts';
import { type Credential, type VariantName, variants, variantsThat } from './places.ts';
import { findBrokenRule } from './rules.ts';
import { generateTarget } from './targets.ts';

/**
 * Whatever path a client asks for, no handler of a protected place runs for somebody whom the gate of
 * that place would not let in: with real nginx, each way to pass a path on, and real frameworks.
 */
export async function openPaths({
  startGate = startRealGate,
  variantNames = variantsThat('placed'),
}: {
  readonly startGate?: StartGate;
  readonly variantNames?: readonly VariantName[];
} = {}): Promise<Bench> {
  const fixture = await openPathsFixture(startGate, variantNames);
  const seen = new Set<string>();
  const tryAndExplain = async (cases: readonly Case[]): Promise<Findings> => {
    const { outcomes, broken } = await tryAll(fixture, cases);
    const findings: Finding[] = [];
    for (const { one, rule } of broken) {
      const key = `${rule}: ${one.framework}`;
      // What broke in this way already is made small no second time.
      if (seen.has(key)) continue;
      seen.add(key);
      findings.push(await explain(fixture, { one, rule, key }));
    }
    return { cases: cases.length, outcomes, broken: findings };
  };
  return {
    check: () => checkPlain(fixture, variantNames),
    tryKnown: () => tryAndExplain(knownCases(variantNames)),
    run: (random, count) =>
      tryAndExplain(Array.from({ length: count }, () => generateCase(random, variantNames))),
    async replay(text) {
      const one = readCase(text, variantNames);
      const { outcomes, broken } = await tryAll(fixture, [one]);
      const findings = broken.map(({ rule }) => explain(fixture, { one, rule, key: rule }, 0));
      return { cases: 1, outcomes, broken: await Promise.all(findings) };
    },
    close: () => fixture.close(),
  };
}

const frameworkNames = frameworks.map(({ name }) => name);
const nginxNames = nginxPrograms.map(({ name }) => name);
const suspects = ['nobody', 'stranger', 'guest'] as const satisfies readonly Credential[];

/** Each known target for everybody before each framework: as it was sent, and in one variant more. */
function knownCases([first, ...others]: readonly VariantName[]): Case[] {
  const taken = <T>(list: readonly T[], turn: number) => list[turn % list.length];
  return knownTargets.flatMap((known, row) =>
    frameworks.flatMap(({ name: framework, sockets }, column) =>
      [first, taken(others, row + column)].flatMap((variant) =>
        suspects.flatMap((credential) =>
          kindsOf(sockets).flatMap((kind) => {
            const nginx = taken(nginxNames, row + column);
            if (variant === undefined || nginx === undefined) return [];
            const target = variants[variant].prefix + known;
            return [{ framework, variant, nginx, kind, credential, target }];
          }),
        ),
      ),
    ),
  );
}

function generateCase(random: Random, variantNames: readonly VariantName[]): Case {
  const variant = random.pick(variantNames);
  return {
    framework: random.pick(frameworkNames),
    variant,
    nginx: random.pick(nginxNames),
    kind: random.pick(['page', 'handshake']),
    credential: random.pick(suspects),
    target: generateTarget(random, variants[variant]),
  };
}

interface Broken {
  readonly one: Case;
  readonly rule: string;
}

async function tryAll(
  fixture: PathsFixture,
  cases: readonly Case[],
): Promise<Pick<Findings, 'outcomes'> & { readonly broken: Broken[] }> {
  const outcomes = new Map<string, number>();
  const broken: Broken[] = [];
  for (const [index, outcome] of (await fixture.send(cases)).entries()) {
    const one = cases[index] as Case;
    const name = `${one.credential}: ${outcome.status}${renderHandlers(outcome)}`;
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
    const rule = findBrokenRule(one, outcome);
    if (rule !== undefined) broken.push({ one, rule });
  }
  return { outcomes, broken };
}

/** All rooms are one, so that there are few. */
function renderHandlers({ handlers }: Outcome): string {
  if (handlers.length === 0) return '';
  return ` by ${handlers.map((handler) => handler.replace(/:.*/s, '')).join(' and ')}`;
}

/** Makes the target as small as it goes with the same rule broken. */
async function explain(
  fixture: PathsFixture,
  { one, rule, key }: Broken & { readonly key: string },
  tries = 400,
): Promise<Finding> {
  const fails = async (target: string) => {
    if (!/^(?:\/|http:\/\/)/.test(target)) return false;
    const [outcome] = await fixture.send([{ ...one, target }]);
    return outcome !== undefined && findBrokenRule(one, outcome) === rule;
  };
  const smallest = { ...one, target: await minimise(one.target, fails, tries) };
  const [outcome] = await fixture.send([smallest]);
  const { framework, variant, nginx, kind, credential, target } = smallest;
  const ran = outcome?.handlers.join(' and ');
  const words = `${rule}:
  ${JSON.stringify(target)} as ${kind} of ${credential}, through ${nginx} nginx, passed on ${variant}:
  ${framework} received ${JSON.stringify(outcome?.received)} and ran "${ran}"`;
  return { key, words, text: JSON.stringify(smallest) };
}

function readCase(text: string, variantNames: readonly VariantName[]): Case {
  const one = JSON.parse(text) as Case;
  const isKnown =
    frameworkNames.includes(one.framework) &&
    variantNames.includes(one.variant) &&
    nginxNames.includes(one.nginx);
  if (isKnown) return one;
  throw new Error('the case names a framework, a variant or an nginx that is not there');
}

interface Plain {
  readonly credential: Credential;
  readonly path: string;
  /** The handler that has to run; undefined when none may. */
  readonly handler?: string;
}

/** What has to pass as it stands there, and what must not. */
const plain: readonly Plain[] = [
  { credential: 'nobody', path: '/status', handler: 'status' },
  { credential: 'nobody', path: '/', handler: 'home' },
  { credential: 'stranger', path: '/rooms/2', handler: 'room:2' },
  { credential: 'guest', path: '/rooms/1', handler: 'room:1' },
  { credential: 'admin', path: '/admin/x', handler: 'admin' },
  { credential: 'nobody', path: '/rooms/1' },
  { credential: 'nobody', path: '/admin/x' },
  { credential: 'stranger', path: '/admin/x' },
  { credential: 'guest', path: '/rooms/2' },
];

/** What has no sockets refuses handshakes itself. */
function kindsOf(sockets: boolean): readonly Case['kind'][] {
  return sockets ? ['page', 'handshake'] : ['page'];
}

async function checkPlain(
  fixture: PathsFixture,
  variantNames: readonly VariantName[],
): Promise<void> {
  const cases = plain.flatMap(({ credential, path, handler }) =>
    frameworks.flatMap(({ name: framework, sockets }) =>
      variantNames.flatMap((variant) =>
        nginxNames.flatMap((nginx) =>
          kindsOf(sockets).map((kind) => ({
            one: { ...{ framework, variant, nginx, kind, credential } },
            target: variants[variant].prefix + path,
            handler,
            passed: kind === 'handshake' ? 101 : 200,
          })),
        ),
      ),
    ),
  );
  const outcomes = await fixture.send(cases.map(({ one, target }) => ({ ...one, target })));
  for (const [index, { status, server, handlers }] of outcomes.entries()) {
    const { one, target, handler, passed } = cases[index] as (typeof cases)[0];
    const isRight =
      handler === undefined
        ? handlers.length === 0 && status >= 400
        : handlers.join() === handler && status === passed;
    // Those that are named by their version say it themselves.
    const isOther = /^\d/.test(one.nginx) && server !== `nginx/${one.nginx}`;
    if (isRight && !isOther) continue;
    const what = JSON.stringify({ ...one, target });
    const came = `${status} from ${server} by "${handlers.join()}"`;
    throw new Error(`a plain path is not treated as it should be: ${what} came to ${came}`);
  }
}
