/**
 * Runs only the demo backend, on all addresses of its container: `node serve-backend.js <port>`.
 */
import { startBackend } from './backend.ts';

const backend = await startBackend({ host: '0.0.0.0', port: Number(process.argv[2]) });
process.stdout.write(`The demo backend listens on port ${backend.port}.\n`);

// The list is not read here, and would grow without bound.
setInterval(() => backend.seen.splice(0), 60_000).unref();

// Process 1 of a container has no default signal handlers.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => process.exit(0));
}
