/**
 * Makes sure that the Python environment of the tests is there. Its packages come from the index that
 * pip is set up for; without them nothing goes on.
 */
import { makePythonEnvironment } from './python.ts';

try {
  makePythonEnvironment();
} catch (error) {
  process.stderr.write(`The Python environment of the tests could not be made.
${(error as Error).message}
It needs an index of Python packages that pip can reach (PIP_INDEX_URL).\n`);
  process.exitCode = 1;
}
