"""Applications that refuse handshakes, each in the words of its framework. Prints its port."""

import asyncio
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server


def told(port):
    print(port, flush=True)


async def tornado():
    from tornado import httpserver, netutil, web, websocket

    class Echo(websocket.WebSocketHandler):
        def on_message(self, message):
            self.write_message(message)

    server = httpserver.HTTPServer(web.Application([("/ws", Echo)]))
    sockets = netutil.bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    told(sockets[0].getsockname()[1])
    await asyncio.Event().wait()


async def websockets():
    from websockets.asyncio.server import serve

    async def idle(socket):
        await socket.wait_closed()

    async with serve(idle, "127.0.0.1", 0, origins=["https://app.example.com"]) as server:
        told(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()


async def uvicorn():
    import uvicorn

    async def close(scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    config = uvicorn.Config(close, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    told(server.servers[0].sockets[0].getsockname()[1])
    await serving


def django(debug):
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    settings.configure(
        DEBUG=debug,
        SECRET_KEY="of a test",
        ALLOWED_HOSTS=["app.example.com"],
        ROOT_URLCONF="__main__",
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        LOGGING_CONFIG=None,
    )

    class Silent(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Silent)
    told(server.server_port)
    server.serve_forever()


urlpatterns = []

if __name__ == "__main__":
    kind = sys.argv[1]
    if kind.startswith("django"):
        django(kind == "django-debug")
    asyncio.run({"tornado": tornado, "websockets": websockets, "uvicorn": uvicorn}[kind]())
