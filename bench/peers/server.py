"""The public SDK's receiving end: counts messages, or sends them back. Arguments: PSK, cipher, carrier."""

import asyncio
import sys
from pathlib import Path
from time import perf_counter

sys.path.append(str(Path(__file__).parents[2] / "spec" / "interop" / "peers"))

from control import obey, tell
from usmp import USMPServer
from usmp._session import USMPSession
from usmp.types import CipherSuite

_, PSK, CIPHER, CARRIER = sys.argv


async def main() -> None:
    server = USMPServer(host="127.0.0.1", port=0, psk=PSK.encode(), protocol=CARRIER)
    wanted = asyncio.Queue()

    async def count(request: dict) -> None:
        wanted.put_nowait(request["messages"])

    @server.on_session
    async def handle(session: USMPSession) -> None:
        if CIPHER == "chacha20-poly1305":
            session._info.cipher_suite = CipherSuite.CHACHA20_POLY1305
        while True:
            data = await session.recv()
            if wanted.empty():
                await session.send(data)
                continue
            first_at = perf_counter()
            for _ in range(wanted.get_nowait() - 1):
                await session.recv()
            tell(event="counted", ms=(perf_counter() - first_at) * 1000)

    def port() -> int | None:
        listener = server._listener
        if CARRIER == "udp":
            transport = getattr(listener, "_transport", None)
            return transport.get_extra_info("sockname")[1] if transport else None
        srv = getattr(listener, "_srv", None)
        return srv.sockets[0].getsockname()[1] if srv else None

    async def tell_port() -> None:
        while port() is None:
            await asyncio.sleep(0.005)
        tell(event="listening", port=port())

    ends = [asyncio.ensure_future(server.serve()), asyncio.ensure_future(obey({"count": count}))]
    await asyncio.gather(tell_port(), asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED))


asyncio.run(main())
