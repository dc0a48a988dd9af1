import { parse as parseForm } from 'node:querystring';
import formbody from '@fastify/formbody';
import { errorCodes, type FastifyInstance } from 'fastify';

/**
 * Accepts JSON bodies. An empty body counts as none, whatever its Content-Type: many HTTP clients
 * send the header with every request. Other bodies are refused.
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

/** Accepts forms too, of at most 16 KB. An empty one counts as none. */
export async function acceptForms(app: FastifyInstance): Promise<void> {
  const parser = (text: string) => (text === '' ? undefined : parseForm(text));
  await app.register(formbody, { bodyLimit: 32_768, parser: parser as typeof parseForm });
}
