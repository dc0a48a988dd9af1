import '../support/two-workers.ts';
import '../jwt/single-use.test.ts';
