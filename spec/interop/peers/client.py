"""A public SDK client: connects where, and with what key, it is told; one scripted session at a time."""

import asyncio

from control import ScriptedSession, obey, tell
from usmp import USMPClient


async def main() -> None:
    commands = {}
    reading = set()

    async def connect(request: dict) -> None:
        device_id = bytes.fromhex(request["deviceId"].replace(":", ""))
        client = USMPClient("127.0.0.1", request["port"], request["psk"].encode(), device_id, request["carrier"])
        await client.connect()
        scripted = ScriptedSession(client._session, request["cipher"])
        commands.update(scripted.commands())
        tell(event="session", device=client._session.device_id, session=client.session_id)
        reading.add(asyncio.ensure_future(scripted.read()))

    commands["connect"] = connect
    await obey(commands)


asyncio.run(main())
