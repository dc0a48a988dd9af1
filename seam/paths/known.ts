/** Targets that once got past a gate, or that somebody thought of: behind the path of the application. */
export const knownTargets: readonly string[] = [
  // nginx resolves dot segments, and passes them on.
  ...['/admin/users/../../status', '/admin/users/%2e%2e/%2e%2e/status', '/admin/..', '/admin/%2E.'],
  // nginx decodes slashes, and backends do not; some take \ for one.
  ...['/admin/..%2fstatus', '/admin%2fusers%2f..%2f..%2fstatus', '/admin/..%5cstatus'],
  ...['/admin\\..\\status', '/status/..%2fadmin/x', '/status/..%5cadmin', '/status/..\\admin/x'],
  // Parameters, and a second decoding.
  ...[
    '/admin/..;/status',
    '/admin;/../status',
    '/status/..;/admin/x',
    '/%61dmin/x',
    '/%2561dmin/x',
  ],
  ...['/status/%252e%252e/admin/x', '/status%252f..%252fadmin/x', '/ADMIN/x', '/Admin;x=1/y'],
  // Slashes that one merges and another does not.
  ...['/admin//..', '/admin//../status', '/admin/x//../..', '//admin/x', '/.//admin/x'],
  // Dots are decoded and slashes are not, as the URL parser of browsers has it.
  ...['/x%2fy/%2e%2e/admin', '/status/a%2fd/%2e./%2e./admin', '/x%2fy/../../admin/x'],
  ...['/x%2fy/../%61dmin/z', '/status/a%2fb/../../%61dmin/z', '/rooms/1/a%2fb/../../%32'],
  // The same takes \ for a slash, and %5c not.
  ...['/x%5cy\\../admin', '/x%5cy\\%2e%2e/admin', '/status/a%5cb\\..\\..\\admin'],
  // What the same takes for a host, in what was sent or in what nginx made of it.
  ...[
    '//x/admin/users',
    '///x/admin',
    '/\\x/admin',
    '//x/..%2fadmin',
    '//admin@x/admin/x',
    '/\\a/x//../admin',
  ],
  // Tokens that are bound to a room.
  ...['/rooms/2/../1', '/rooms/2/..%2f1', '/rooms/1/..%2f2', '/rooms/1%2f..%2f2', '/rooms//2/../1'],
  ...['/rooms/1/%2e%2e/2', '/rooms/1%2fx', '/rooms/1;/../2', '/Rooms/1', '/rooms/1\\..\\2'],
];
