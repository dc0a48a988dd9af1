"""A server whose clients send their token as the first message, validated with Postern.

For a location without the gate, where a client can set neither headers nor a query.
"""

import asyncio
import json
import urllib.request

TIMEOUT = 5  # seconds for the first message, so that silent clients hold no socket


def introspect(postern, token, origin):
    """Whose token it is, and None; or None, and why it is not valid.

    `postern` has the `url` of the admin API, a `key` of the role introspector, and the `gate`. A gate that
    lists origins needs the Origin of the handshake.
    """
    question = {"token": token, "gate": postern["gate"], "redeem": True}
    if origin is not None:
        question["origin"] = origin
    request = urllib.request.Request(
        f"{postern['url']}/v1/introspect",
        data=json.dumps(question).encode(),
        headers={"Authorization": f"Bearer {postern['key']}", "Content-Type": "application/json"},
    )
    # Raises if Postern cannot tell: nobody is let in then.
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        answer = json.load(response)
    return (answer["sub"], None) if answer["active"] else (None, answer["reason"])


def asyncio_handler(postern, serve_user):
    """For websockets.asyncio.server.serve: calls `serve_user(socket, user)` once the token is valid."""

    async def handle(socket):
        origin = socket.request.headers.get("Origin")
        try:
            token = await asyncio.wait_for(socket.recv(), TIMEOUT)
            user, reason = await asyncio.to_thread(introspect, postern, token, origin)
        except TimeoutError:
            user, reason = None, "no_credential"
        if user is None:
            # 4401 is a code of your application: browsers show it with the reason.
            await socket.close(4401, reason)
        else:
            await serve_user(socket, user)

    return handle


def sync_handler(postern, serve_user):
    """The same for websockets.sync.server.serve, which has a thread for each socket."""

    def handle(socket):
        origin = socket.request.headers.get("Origin")
        try:
            token = socket.recv(TIMEOUT)
            user, reason = introspect(postern, token, origin)
        except TimeoutError:
            user, reason = None, "no_credential"
        if user is None:
            socket.close(4401, reason)
        else:
            serve_user(socket, user)

    return handle
