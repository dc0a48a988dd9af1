import '../support/two-workers.ts';
import '../admin-api.test.ts';
