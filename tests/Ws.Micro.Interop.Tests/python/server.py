"""python3 server.py PEM...: the same as node/ws-server.mjs, with websockets, which takes any limits of permessage-deflate and asks for none."""
import asyncio
import json
import ssl
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.legacy.server import serve

from messages import describe, extensions, send

MAX_SIZE = 16 * 1024 * 1024


async def answer(socket, path):
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    messages = []
    try:
        while "code" not in query or len(messages) < int(query["count"]):
            message = await socket.recv()
            messages.append(describe(message))
            await send(socket, message, int(query["fragments"]))
        await socket.close(int(query["code"]), query.get("reason", ""))
    except ConnectionClosed:
        pass
    print(json.dumps({
        "messages": messages, "code": socket.close_code, "reason": socket.close_reason, "extensions": extensions(socket),
    }), flush=True)


async def main():
    contexts = [None]
    for pem in sys.argv[1:]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        contexts.append(context)
    deflate = [ServerPerMessageDeflateFactory()]
    servers = [await serve(answer, "127.0.0.1", 0, ssl=context, max_size=MAX_SIZE, extensions=deflate) for context in contexts]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for server in servers:
        server.close()


asyncio.run(main())
