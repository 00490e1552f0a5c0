"""The public SDK's gateway, which answers what receiver.mjs does."""

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from time import perf_counter, process_time

sys.path.append(str(Path(__file__).parents[2] / "spec" / "interop" / "peers"))

from control import obey, tell
from usmp import USMPServer
from usmp._session import USMPSession
from usmp.errors import USMPError

SETUP = json.loads(sys.argv[1])
MANY = 5_000


async def cpu(_: dict) -> dict:
    return {"cpu": process_time() * 1e6}


async def memory(_: dict) -> dict:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"rss": pages * os.sysconf("SC_PAGE_SIZE")}


async def main() -> None:
    server = USMPServer(
        host="127.0.0.1",
        port=0,
        psk=SETUP["psk"].encode(),
        protocol=SETUP["carrier"],
        max_connections=MANY,
        max_connections_per_ip=MANY,
    )
    wanted = asyncio.Queue()

    async def count(request: dict) -> None:
        wanted.put_nowait(request["bytes"])

    async def read(session: USMPSession) -> None:
        while True:
            data = await session.recv()
            if wanted.empty():
                await session.send(data)
                continue
            first_at = perf_counter()
            left = after_first = wanted.get_nowait() - len(data)
            while left > 0:
                left -= len(await session.recv())
            tell(event="counted", bytes=after_first, ms=(perf_counter() - first_at) * 1000)

    @server.on_session
    async def handle(session: USMPSession) -> None:
        try:
            await read(session)
        except (USMPError, EOFError, OSError):
            pass

    def port() -> int | None:
        """The SDK has no public way to ask."""
        listener = server._listener
        if SETUP["carrier"] == "udp":
            transport = getattr(listener, "_transport", None)
            return transport.get_extra_info("sockname")[1] if transport else None
        srv = getattr(listener, "_srv", None)
        return srv.sockets[0].getsockname()[1] if srv else None

    async def tell_port() -> None:
        while port() is None:
            await asyncio.sleep(0.005)
        tell(event="listening", port=port())

    commands = {"count": count, "memory": memory, "cpu": cpu}
    ends = [asyncio.ensure_future(server.serve()), asyncio.ensure_future(obey(commands))]
    await asyncio.gather(tell_port(), asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED))


asyncio.run(main())
