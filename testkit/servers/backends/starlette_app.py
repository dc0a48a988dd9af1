import asyncio
import socket

import uvicorn
from program import answer_marks, header_value, record, tell
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute


def note(handler, scope):
    headers = dict(scope["headers"])
    target = (scope["raw_path"] or b"").decode("latin-1")
    record(handler, headers.get(b"x-case", b"").decode(), target)
    return target


def page(name, status=200):
    async def run(request):
        handler = name(request) if callable(name) else name
        target = note(handler, request.scope)
        headers = {"x-handler": header_value(handler)}
        return PlainTextResponse(target.encode("latin-1"), status, headers)

    return run


def opened(name):
    async def run(websocket):
        handler = name(websocket) if callable(name) else name
        note(handler, websocket.scope)
        await websocket.accept(headers=[(b"x-handler", header_value(handler).encode())])
        await websocket.close()

    return run


def room(connection):
    return "room:" + connection.path_params["id"]


app = Starlette(
    routes=[
        Mount(
            "/admin",
            routes=[
                Route("/{path:path}", page("admin")),
                WebSocketRoute("/{path:path}", opened("admin")),
            ],
        ),
        Route("/rooms/{id}", page(room)),
        WebSocketRoute("/rooms/{id}", opened(room)),
        Route("/status", page("status")),
        WebSocketRoute("/status", opened("status")),
        Route("/", page("home")),
        WebSocketRoute("/", opened("home")),
    ],
    exception_handlers={404: lambda request, _: page("other", 404)(request)},
)

listener = socket.create_server(("127.0.0.1", 0))
tell({"port": listener.getsockname()[1]})
answer_marks()
server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="websockets-sansio"))
asyncio.run(server.serve([listener]))
