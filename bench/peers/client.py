"""The public SDK's sending end. Arguments: PSK, cipher, carrier, port."""

import asyncio
import sys
from pathlib import Path
from time import perf_counter

sys.path.append(str(Path(__file__).parents[2] / "spec" / "interop" / "peers"))

from control import obey, tell
from usmp import USMPClient
from usmp.types import CipherSuite

_, PSK, CIPHER, CARRIER, PORT = sys.argv


async def main() -> None:
    client = USMPClient("127.0.0.1", int(PORT), PSK.encode(), protocol=CARRIER)
    await client.connect()
    if CIPHER == "chacha20-poly1305":
        client._session._info.cipher_suite = CipherSuite.CHACHA20_POLY1305

    async def push(request: dict) -> None:
        data = bytes(request["size"])
        for _ in range(request["messages"]):
            await client.send(data)

    async def echo(request: dict) -> dict:
        data = bytes(request["size"])
        microseconds = []
        for _ in range(request["messages"]):
            start = perf_counter()
            await client.send(data)
            await client.recv()
            microseconds.append((perf_counter() - start) * 1e6)
        return {"microseconds": microseconds}

    tell(event="connected")
    await obey({"push": push, "echo": echo})


asyncio.run(main())
