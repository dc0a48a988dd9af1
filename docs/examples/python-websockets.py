# websockets 13 and later. Before 14, plain `websockets.connect` is the old client with `extra_headers`.
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus


def with_header(url, token):
    """The way for programs: the token is in no URL and in no log."""
    return connect(url, additional_headers={"Authorization": f"Bearer {token}"})


def with_user_info(host, token):
    """The same in the URL, for programs that accept only a URL. The client sends it as Basic."""
    return connect(f"wss://token:{token}@{host}/ws")


def with_query(url, ticket):
    """A ticket: it is valid for one request, so it is worth nothing in a log afterwards."""
    return connect(f"{url}?token={ticket}")


def with_cookie(url, token, origin):
    """As a browser does it, which includes the Origin: "https://app.example.com"."""
    headers = {"Cookie": f"postern_token={token}"}
    return connect(url, additional_headers=headers, origin=origin)


async def first_message(connection):
    """`connection` is what one of the functions above returned."""
    try:
        async with connection as socket:
            return await socket.recv()
    except InvalidStatus as denied:
        raise SystemExit(f"denied with {denied.response.status_code}")
