"""Connects as docs/examples/python-websockets.py does and prints, as JSON, what came of it.

python-client.py EXAMPLES_FILE FUNCTION ARGUMENT...
"""

import asyncio
import importlib.util
import json
import sys

import websockets.exceptions


def load(path):
    spec = importlib.util.spec_from_file_location("example", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def connect(example, function, arguments):
    async with getattr(example, function)(*arguments) as socket:
        return {"seen": json.loads(await socket.recv())}


async def main(path, function, *arguments):
    example = load(path)
    try:
        outcome = await connect(example, function, arguments)
    except websockets.exceptions.WebSocketException as error:
        outcome = {"error": type(error).__name__, "text": str(error)}
    # What the examples themselves say about the same failure.
    if "error" in outcome:
        try:
            await example.first_message(getattr(example, function)(*arguments))
        except SystemExit as denied:
            outcome["told"] = str(denied)
        except websockets.exceptions.WebSocketException:
            pass
    print(json.dumps(outcome))


asyncio.run(main(*sys.argv[1:]))
