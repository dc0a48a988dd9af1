import '../support/two-workers.ts';
import '../gate.test.ts';
