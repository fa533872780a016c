"""The messages that every peer sends, and what it says of those that it receives."""
import hashlib

PERIOD = bytes(range(251))


def payload(kind, size):
    if kind == "binary":
        return (PERIOD * (size // 251 + 1))[:size]
    if kind == "reading":
        text = ""
        while len(text) < size:
            n = size + text.count("\n")
            temperature, humidity = 1800 + n * 37 % 600, 300 + n * 11 % 400
            text += f'{{"id":"sensor-7","seq":{n},"temperature":{temperature},"humidity":{humidity},"ok":true}}\n'
        return text[:size]
    return "aé€😀" * (size // 10) + "x" * (size % 10)


def describe(message):
    data = message.encode() if isinstance(message, str) else message
    kind = "text" if isinstance(message, str) else "binary"
    return {"kind": kind, "length": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def extensions(socket):
    """What was agreed on for permessage-deflate, as the header says it."""
    for agreed in socket.extensions:
        ends = {"local": "client", "remote": "server"} if socket.is_client else {"local": "server", "remote": "client"}
        forgetful = [f"{end}_no_context_takeover" for side, end in ends.items() if getattr(agreed, f"{side}_no_context_takeover")]
        bits = [f"{end}_max_window_bits={getattr(agreed, f'{side}_max_window_bits')}" for side, end in ends.items()]
        return "; ".join([agreed.name, *forgetful, *bits])


async def send(socket, message, fragments):
    if fragments == 1:
        await socket.send(message)
    else:
        length = len(message)
        await socket.send([message[length * i // fragments:length * (i + 1) // fragments] for i in range(fragments)])
