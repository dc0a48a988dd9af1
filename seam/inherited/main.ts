/**
 * Tries random server and http blocks around the shipped files, as long as one likes.
 *
 *   node seam/inherited/main.ts                     # a minute
 *   node seam/inherited/main.ts --seconds 600 --seed 7 --program /usr/sbin/nginx
 */
import { parseArgs } from 'node:util';
import { note, print } from '../../src/cli/output.ts';
import { run } from './run.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    program: { type: 'string' },
  },
});
const seed = Number(values.seed);
note(`seed ${seed}`);
let cases = 0;
const broken = await run({
  seed,
  deadline: performance.now() + Number(values.seconds) * 1_000,
  ...(values.program !== undefined && { program: values.program }),
  report: (found) => {
    cases += found.cases;
    note(`${cases} server blocks`);
  },
});
for (const { words, text } of broken) print(`${words}\n${text}\n`);
print(`${cases} server blocks, ${broken.length} broken, seed ${seed}`);
if (broken.length > 0) process.exitCode = 1;
