import type { NginxProgram } from '../../testkit/nginx/programs.ts';
import type { Bench, Finding, Findings } from '../property.ts';
import { type Case, caseOf, drawCase, drawHttp, type Plant } from './configuration.ts';
import { casesFor, holes } from './holes.ts';
import { findFault, isAdmitted } from './judge.ts';
import { batchSize, closeSite, findUsable, openSite, type Trial, tryBatch } from './site.ts';

/** What cases are tried on; `check` tries that each hole is found where it is planted, and nothing where none is. */
export interface InheritedBench extends Bench {
  /** Tries these cases with these files. */
  tryCases(cases: readonly Case[], plant?: Plant): Promise<Trial>;
}

/**
 * A site whose server blocks say random things around the shipped files: a request passes by Postern's word
 * alone, whatever they say.
 */
export async function openInherited({
  program,
}: Pick<NginxProgram, 'program'>): Promise<InheritedBench> {
  const site = await openSite(program);
  const usable = findUsable(site);

  const tryCases = (cases: readonly Case[], plant?: Plant) => tryBatch(site, cases, plant);
  const look = async (cases: readonly Case[]) => findingsOf(cases, await tryCases(cases));

  return {
    tryCases,
    check: async () => {
      const { broken } = await inBatches(holes.flatMap(casesFor), look);
      if (broken[0] !== undefined) throw new Error(broken[0].words);
      for (const hole of holes) {
        const cases = casesFor(hole);
        const planted = findingsOf(cases, await tryCases(cases, hole.plant));
        if (planted.broken.length === 0) throw new Error(`not found: ${hole.name}`);
      }
    },
    tryKnown: () => {
      const cases = usable.flatMap(({ line }, index) => [
        caseOf([line], { cache: index % 2 === 0 }),
        caseOf([line], { mode: 'down', ownPages: true }),
      ]);
      return inBatches(cases, look);
    },
    run: (random, count) => {
      const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, index) => {
        const http = drawHttp(random, usable);
        const size = Math.min(batchSize, count - index * batchSize);
        return Array.from({ length: size }, () => drawCase(random, usable, http));
      });
      return inBatches(batches.flat(), look);
    },
    replay: (text) => look([JSON.parse(text) as Case]),
    close: () => closeSite(site),
  };
}

async function inBatches(
  cases: readonly Case[],
  look: (batch: readonly Case[]) => Promise<Findings>,
): Promise<Findings> {
  const outcomes = new Map<string, number>();
  const broken: Finding[] = [];
  for (let from = 0; from < cases.length; from += batchSize) {
    const found = await look(cases.slice(from, from + batchSize));
    for (const [name, count] of found.outcomes) {
      outcomes.set(name, (outcomes.get(name) ?? 0) + count);
    }
    broken.push(...found.broken);
  }
  return { cases: cases.length, outcomes, broken };
}

/** What a batch comes to. */
export function findingsOf(cases: readonly Case[], { outcomes, strange }: Trial): Findings {
  const counts = new Map<string, number>();
  const broken = new Map<string, Finding>();
  for (const outcome of outcomes) {
    const { one, request, response } = outcome;
    const word = isAdmitted(outcome) ? 'let in' : 'denied';
    const name = `${request.kind}, ${word}: ${response.status}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const fault = findFault(outcome);
    if (fault === undefined) continue;
    const words = `${request.kind} (${request.verdict}, ${one.mode}) ${fault}: ${[...one.http, ...one.lines].join(' ')}`;
    broken.set(words, { key: fault, words, text: JSON.stringify(one) });
  }
  const [what] = strange;
  if (what !== undefined) {
    // nginx mixes the connections of all server blocks, so the case is not known.
    const words = `${strange.length} times something else than a question arrived: ${what}`;
    broken.set(words, { key: 'no question', words, text: JSON.stringify(cases[0]) });
  }
  return { cases: cases.length, outcomes: counts, broken: [...broken.values()] };
}
