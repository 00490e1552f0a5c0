"""The public SDK's receiving end, which answers what receiving.mjs does."""

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from time import perf_counter

sys.path.append(str(Path(__file__).parents[3] / "spec" / "interop" / "peers"))

from control import obey, tell
from usmp import USMPServer
from usmp._session import USMPSession
from usmp.errors import USMPError
from usmp.types import CipherSuite

SETUP = json.loads(sys.argv[1])
MANY = 5_000


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
        wanted.put_nowait(request["messages"])

    async def memory(_: dict) -> dict:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return {"rss": pages * os.sysconf("SC_PAGE_SIZE")}

    async def read(session: USMPSession) -> None:
        while True:
            data = await session.recv()
            if wanted.empty():
                await session.send(data)
                continue
            first_at = perf_counter()
            messages = wanted.get_nowait() - 1
            for _ in range(messages):
                await session.recv()
            tell(event="counted", messages=messages, ms=(perf_counter() - first_at) * 1000)

    @server.on_session
    async def handle(session: USMPSession) -> None:
        # The SDK has no public option for it.
        if SETUP["cipher"] == "chacha20-poly1305":
            session._info.cipher_suite = CipherSuite.CHACHA20_POLY1305
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

    ends = [asyncio.ensure_future(server.serve()), asyncio.ensure_future(obey({"count": count, "memory": memory}))]
    await asyncio.gather(tell_port(), asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED))


asyncio.run(main())
