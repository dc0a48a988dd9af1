import type { Server } from 'node:http';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { record, routesByPrefix, serve } from './program.ts';

type Env = { Bindings: HttpBindings };

const answer = (handler: string, context: Context<Env>, status: 200 | 404 = 200) => {
  const { incoming } = context.env;
  record(handler, incoming);
  return context.text(incoming.url ?? '', status, { 'x-handler': encodeURI(handler) });
};

const admin = new Hono<Env>();
admin.all('/*', (context) => answer('admin', context));

const app = new Hono<Env>();
app.route('/admin', admin);
app.get('/rooms/:id', (context) => answer(`room:${context.req.param('id')}`, context));
app.get('/status', (context) => answer('status', context));
app.get('/', (context) => answer('home', context));
app.notFound((context) => answer('other', context, 404));

serve(createAdaptorServer({ fetch: app.fetch }) as Server, routesByPrefix);
