import '../../testkit/postern/two-workers.ts';
import '../sessions.test.ts';
import '../session-bounds.test.ts';
