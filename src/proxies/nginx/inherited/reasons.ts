/** Reasons that several modules share, as the documentation prints them. */
const proxyPassOnly = 'proxy_pass answers in the auth location, and nothing else can';
export const clientAnswersOnly = 'It is about answers to clients; a subrequest has no client.';
export const accessPhase =
  'nginx skips the access phase for subrequests; for the client’s own request it counts beside Postern.';
export const filesOnly = `It is about files; ${proxyPassOnly}.`;
export const variablesOnly = 'It makes variables, and the subrequest is made of others.';
export const bodyOnly =
  'It is about the body of an answer, and the answer to the subrequest has none.';
