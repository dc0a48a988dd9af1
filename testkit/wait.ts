/** Resolves when the condition holds; rejects, saying what was waited for, after a minute. */
export async function waitFor(what: string, condition: () => boolean | Promise<boolean>) {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
