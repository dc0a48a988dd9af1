import '../../../testkit/postern/two-workers.ts';
import '../../jwt/single-use.test.ts';
