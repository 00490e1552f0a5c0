"""The public SDK's device, which answers what sender.mjs does."""

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter, process_time

sys.path.append(str(Path(__file__).parents[2] / "spec" / "interop" / "peers"))

from control import obey, tell
from usmp import USMPClient

SETUP = json.loads(sys.argv[1])
AT_ONCE = 32


async def cpu(_: dict) -> dict:
    return {"cpu": process_time() * 1e6}


async def open_client() -> USMPClient:
    client = USMPClient("127.0.0.1", SETUP["port"], SETUP["psk"].encode(), protocol=SETUP["carrier"])
    await client.connect()
    return client


async def main() -> None:
    clients = []

    async def connect(request: dict) -> None:
        left = request["count"] - len(clients)
        while left > 0:
            some = min(left, AT_ONCE)
            clients.extend(await asyncio.gather(*(open_client() for _ in range(some))))
            left -= some

    async def push(request: dict) -> None:
        data = bytes(request["size"])
        for _ in range(request["messages"]):
            await clients[0].send(data)

    async def echo(request: dict) -> dict:
        data = bytes(request["size"])
        microseconds = []
        for _ in range(request["messages"]):
            start = perf_counter()
            await clients[0].send(data)
            await clients[0].recv()
            microseconds.append((perf_counter() - start) * 1e6)
        return {"microseconds": microseconds}

    async def handshakes(request: dict) -> dict:
        left = request["handshakes"]

        async def shake_next() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                client = await open_client()
                await client.disconnect()

        start = perf_counter()
        await asyncio.gather(*(shake_next() for _ in range(request["atOnce"])))
        return {"ms": (perf_counter() - start) * 1000}

    tell(event="ready")
    await obey({"connect": connect, "push": push, "echo": echo, "handshakes": handshakes, "cpu": cpu})


asyncio.run(main())
