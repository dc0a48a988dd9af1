import { createServer } from 'node:http';
import Router from '@koa/router';
import Koa, { type Context } from 'koa';
import { record, routesByUrl, serve } from './program.ts';

const answer = (handler: string, context: Context) => {
  record(handler, context.req, context.originalUrl);
  context.set('x-handler', encodeURI(handler));
  context.body = context.originalUrl;
};

const admin = new Router();
admin.get('{/*path}', (context) => answer('admin', context));

const router = new Router();
router.use('/admin', admin.routes());
router.get('/rooms/:id', (context) => answer(`room:${context.params.id}`, context));
router.get('/status', (context) => answer('status', context));
router.get('/', (context) => answer('home', context));

const app = new Koa();
app.silent = true;
app.use(router.routes());
app.use((context) => {
  answer('other', context);
  context.status = 404;
});

serve(createServer(app.callback()), routesByUrl);
