import asyncio
import socket

from aiohttp import web
from program import answer_marks, header_value, record, tell


def handle(name, status=200):
    async def run(request):
        handler = name(request) if callable(name) else name
        record(handler, request.headers.get("x-case", ""), request.raw_path)
        headers = {"x-handler": header_value(handler)}
        websocket = web.WebSocketResponse()
        if status == 200 and websocket.can_prepare(request).ok:
            websocket.headers.update(headers)
            await websocket.prepare(request)
            await websocket.close()
            return websocket
        body = request.raw_path.encode("utf-8", "surrogateescape")
        return web.Response(status=status, body=body, headers=headers)

    return run


admin = web.Application()
admin.router.add_get("/{path:.*}", handle("admin"))

other = handle("other", 404)


@web.middleware
async def not_found(request, handler):
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return await other(request)


app = web.Application(middlewares=[not_found])
app.add_subapp("/admin/", admin)
app.router.add_get("/rooms/{id}", handle(lambda request: "room:" + request.match_info["id"]))
app.router.add_get("/status", handle("status"))
app.router.add_get("/", handle("home"))


async def main():
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    tell({"port": listener.getsockname()[1]})
    answer_marks()
    await asyncio.Future()


asyncio.run(main())
