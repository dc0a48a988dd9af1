import '../support/two-workers.ts';
import '../tokens.test.ts';
