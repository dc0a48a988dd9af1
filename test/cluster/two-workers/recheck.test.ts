import '../../../testkit/postern/two-workers.ts';
import '../../sign-on/recheck.test.ts';
