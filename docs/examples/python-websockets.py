import websockets


def with_header(url, token):
    """Nothing of it is in a URL: the way for programs."""
    return websockets.connect(url, extra_headers={"Authorization": f"Bearer {token}"})


def with_user_info(host, token):
    """The same in the URL, for programs that take nothing but a URL. The client sends it as Basic."""
    return websockets.connect(f"wss://token:{token}@{host}/ws")


def with_query(url, ticket):
    """A ticket: it is good once, whoever reads it in a log."""
    return websockets.connect(f"{url}?token={ticket}")


def with_cookie(url, token, origin):
    """As a browser does it, which includes the Origin: "https://app.example.com"."""
    headers = {"Cookie": f"postern_token={token}"}
    return websockets.connect(url, extra_headers=headers, origin=origin)


async def first_message(connection):
    """`connection` is what one of the functions above returned."""
    try:
        async with connection as socket:
            return await socket.recv()
    except websockets.exceptions.InvalidStatusCode as denied:
        raise SystemExit(f"denied with {denied.status_code}")
