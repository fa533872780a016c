"""python3 client.py ROOT: the same as node/ws-client.mjs, with websockets."""
import asyncio
import json
import ssl
import sys

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.legacy.client import connect

from messages import describe, extensions, payload, send

MAX_SIZE = 16 * 1024 * 1024


async def talk(request, context):
    messages = []
    secure = context if request["url"].startswith("wss:") else None
    limits = request["deflate"]
    asked = limits and [ClientPerMessageDeflateFactory(
        server_no_context_takeover=limits["serverForgets"],
        client_no_context_takeover=limits["clientForgets"],
        server_max_window_bits=limits["serverBits"] if limits["serverBits"] < 15 else None,
        client_max_window_bits=limits["clientBits"] if limits["clientBits"] < 15 else True,
    )]
    async with connect(request["url"], ssl=secure, max_size=MAX_SIZE, extensions=asked) as socket:
        try:
            for size in request["sizes"]:
                await send(socket, payload(request["kind"], size), request["fragments"])
                messages.append(describe(await socket.recv()))
            if request["clientCloses"]:
                await socket.close(request["code"], request["reason"])
            else:
                await socket.wait_closed()
        except ConnectionClosed:
            pass
        return {"messages": messages, "code": socket.close_code, "reason": socket.close_reason, "extensions": extensions(socket)}


async def transcript(request, context):
    try:
        return await talk(request, context)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    context = ssl.create_default_context(cafile=sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(asyncio.run(transcript(json.loads(line), context))), flush=True)


main()
