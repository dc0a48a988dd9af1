import { type DemoBackend, startBackend } from '../../src/demo/backend.ts';
import type { Scope } from '../scope.ts';

/** Starts the application of the demo, which tells what it saw of each request, and stops it after the test. */
export async function startTestBackend(t: Scope): Promise<DemoBackend> {
  const backend = await startBackend();
  t.after(() => backend.close());
  return backend;
}
