import { createServer } from 'node:http';
import express, { type Request, type Response, Router } from 'express';
import { record, routesByUrl, serve } from './program.ts';

const answer = (handler: string, request: Request, response: Response) => {
  record(handler, request, request.originalUrl);
  response.set('x-handler', encodeURI(handler)).send(request.originalUrl);
};

const admin = Router();
admin.use((request, response) => answer('admin', request, response));

const app = express();
app.use('/admin', admin);
app.get('/rooms/:id', (request, response) => {
  answer(`room:${request.params.id}`, request, response);
});
app.get('/status', (request, response) => answer('status', request, response));
app.get('/', (request, response) => answer('home', request, response));
app.use((request, response) => answer('other', request, response.status(404)));

serve(createServer(app), routesByUrl);
