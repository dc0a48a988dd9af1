import '../support/two-workers.ts';
import '../admin-keys.test.ts';
