"""The messages that every peer sends, and what it says of those that it receives."""
import hashlib

PERIOD = bytes(range(251))


def payload(kind, size):
    if kind == "binary":
        return (PERIOD * (size // 251 + 1))[:size]
    return "aé€😀" * (size // 10) + "x" * (size % 10)


def describe(message):
    data = message.encode() if isinstance(message, str) else message
    kind = "text" if isinstance(message, str) else "binary"
    return {"kind": kind, "length": len(data), "sha256": hashlib.sha256(data).hexdigest()}


async def send(socket, message, fragments):
    if fragments == 1:
        await socket.send(message)
    else:
        length = len(message)
        await socket.send([message[length * i // fragments:length * (i + 1) // fragments] for i in range(fragments)])
