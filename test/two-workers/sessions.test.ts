import '../support/two-workers.ts';
import '../sessions.test.ts';
