import '../../../testkit/postern/two-workers.ts';
import '../../sessions/sessions.test.ts';
import '../../sessions/bounds.test.ts';
