"""A public SDK server on a port of the system's choice: one scripted session at a time."""

import argparse
import asyncio

from control import ScriptedSession, obey, tell
from usmp import USMPServer
from usmp._session import USMPSession


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--carrier", default="tcp")
    parser.add_argument("--psk", required=True)
    parser.add_argument("--cipher", default="aes-256-gcm")
    parser.add_argument("--port", type=int, default=0)
    return parser.parse_args()


def listening_port(server: USMPServer, carrier: str) -> int | None:
    """The SDK has no public way to ask."""
    listener = server._listener
    if carrier == "udp":
        transport = getattr(listener, "_transport", None)
        return transport.get_extra_info("sockname")[1] if transport else None
    srv = getattr(listener, "_srv", None)
    return srv.sockets[0].getsockname()[1] if srv else None


async def tell_port(server: USMPServer, carrier: str) -> None:
    while listening_port(server, carrier) is None:
        await asyncio.sleep(0.005)
    tell(event="listening", port=listening_port(server, carrier))


async def main() -> None:
    options = arguments()
    server = USMPServer(host="127.0.0.1", port=options.port, psk=options.psk.encode(), protocol=options.carrier)
    commands = {}

    @server.on_session
    async def handle(session: USMPSession) -> None:
        scripted = ScriptedSession(session, options.cipher)
        commands.update(scripted.commands())
        tell(event="session", device=session.device_id, session=session.session_id)
        await scripted.read()

    # What ends first ends the process: a server that cannot listen, or the spec that needs it no more.
    ends = [asyncio.ensure_future(server.serve()), asyncio.ensure_future(obey(commands))]
    await asyncio.gather(tell_port(server, options.carrier), asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED))


asyncio.run(main())
