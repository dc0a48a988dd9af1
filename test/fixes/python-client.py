"""Opens the socket at the URL given and prints what Python's websockets says about it."""

import asyncio
import sys

import websockets


async def main(url):
    try:
        async with websockets.connect(url):
            print("open")
    except websockets.exceptions.WebSocketException as error:
        print(error)


asyncio.run(main(sys.argv[1]))
