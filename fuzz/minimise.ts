/**
 * Makes an input smaller for as long as it still fails (delta debugging): without lines, then
 * without parts of any length, then with plainer characters. Tries at most so often.
 */
export async function minimise(
  input: string,
  fails: (smaller: string) => Promise<boolean>,
  tries = 2_000,
): Promise<string> {
  let left = tries;
  const attempt = async (smaller: string) => left-- > 0 && (await fails(smaller));
  let best = (await shrink(input.split(/(?<=\n)/), attempt)).join('');
  let size: number;
  do {
    size = best.length;
    best = (await shrink(best.split(''), attempt)).join('');
  } while (best.length < size && left > 0);
  for (let i = 0; i < best.length && left > 0; i++) {
    const plainer = `${best.slice(0, i)}a${best.slice(i + 1)}`;
    if (/[^\n\w/]/.test(best[i] as string) && (await attempt(plainer))) best = plainer;
  }
  return best;
}

/** Leaves out ever smaller runs of parts. */
async function shrink(
  parts: readonly string[],
  fails: (smaller: string) => Promise<boolean>,
): Promise<readonly string[]> {
  let kept = parts;
  for (let run = Math.ceil(kept.length / 2); run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
    for (let at = 0; at < kept.length; ) {
      const without = [...kept.slice(0, at), ...kept.slice(at + run)];
      if (await fails(without.join(''))) kept = without;
      else at += run;
    }
  }
  return kept;
}
