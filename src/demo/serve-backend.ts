/**
 * Runs the demo backend by itself, on every address of its container:
 * `node serve-backend.js <port>`.
 */
import { startBackend } from './backend.ts';

const backend = await startBackend({ host: '0.0.0.0', port: Number(process.argv[2]) });
process.stdout.write(`The demo backend listens on port ${backend.port}.\n`);

// Nobody reads the list here, and it would grow for as long as this runs.
setInterval(() => backend.seen.splice(0), 60_000).unref();

// As the first process of a container it would not end by itself.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => process.exit(0));
}
