"""Serves docs/examples/python-server.py with both kinds of websockets, and prints the two ports as JSON.

python-server.py EXAMPLES_FILE POSTERN_AS_JSON
"""

import asyncio
import importlib.util
import json
import sys
import threading

import websockets.asyncio.server
import websockets.sync.server

spec = importlib.util.spec_from_file_location("example", sys.argv[1])
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)
postern = json.loads(sys.argv[2])


def greet_now(socket, user):
    socket.send(f"welcome {user}")


async def greet(socket, user):
    await socket.send(f"welcome {user}")


async def main():
    handler = example.sync_handler(postern, greet_now)
    with websockets.sync.server.serve(handler, "127.0.0.1", 0) as threaded:
        threading.Thread(target=threaded.serve_forever, daemon=True).start()
        handler = example.asyncio_handler(postern, greet)
        async with websockets.asyncio.server.serve(handler, "127.0.0.1", 0) as server:
            ports = [server.sockets[0].getsockname()[1], threaded.socket.getsockname()[1]]
            print(json.dumps(ports), flush=True)
            await asyncio.Future()


asyncio.run(main())
