/**
 * Ensures that the Python environment of the tests exists. Its packages come from pip's configured
 * index.
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
