import { workersVariable } from './worker-count.ts';

// Imported before a file of tests, it has them run with two workers.
process.env[workersVariable] = '2';
