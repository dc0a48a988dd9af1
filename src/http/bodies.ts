import { parse as parseForm } from 'node:querystring';
import formbody from '@fastify/formbody';
import { errorCodes, type FastifyInstance } from 'fastify';

/**
 * Reads bodies of JSON. An empty one counts as none, whatever type it is said to have: many HTTP clients
 * name a type with every request. Anything else is refused.
 */
export function acceptJson(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else parseJson(request, body as string, done);
  });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else done(new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE(), undefined);
  });
}

/** Reads forms as well, of at most 16 KB; an empty one counts as none here too. */
export async function acceptForms(app: FastifyInstance): Promise<void> {
  const parser = (text: string) => (text === '' ? undefined : parseForm(text));
  await app.register(formbody, { bodyLimit: 16_384, parser: parser as typeof parseForm });
}
