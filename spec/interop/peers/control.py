"""What the scripted peers share: JSON lines on stdin and stdout, and a session that does what it is told.

A command is {"id": 1, "command": "send", ...} and is answered by {"reply": 1} and what it gave back, or, where it failed,
with "error" and "text".
Everything else that happens is an event: {"event": "message", ...}. The end of stdin ends the process.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

from usmp._session import USMPSession
from usmp.errors import USMPError
from usmp.types import CipherSuite, PacketType

Commands = dict[str, Callable[[dict], Awaitable[dict | None]]]


def tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


def tell_failure(error: Exception, **what: object) -> None:
    tell(**what, error=type(error).__name__, text=str(error))


async def obey(commands: Commands) -> None:
    """Runs commands, one after the other, until stdin ends."""
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        request = json.loads(line)
        try:
            result = await commands[request["command"]](request)
            tell(reply=request["id"], **(result or {}))
        except Exception as error:
            tell_failure(error, reply=request["id"])


class ScriptedSession:
    """Tells every message, control frame and the end of the session; sends when it is told to."""

    def __init__(self, session: USMPSession, cipher: str):
        self._session = session
        # The SDK has no public option for it.
        if cipher == "chacha20-poly1305":
            session._info.cipher_suite = CipherSuite.CHACHA20_POLY1305
        self._read_frame = session._transport.read_frame
        session._transport.read_frame = self._tapped_read_frame

    async def _tapped_read_frame(self, *args: object, **options: object) -> object:
        """The SDK keeps control frames to itself."""
        frame = await self._read_frame(*args, **options)
        if frame.type not in (PacketType.DATA, PacketType.DATA_FRAG):
            tell(event="frame", type=frame.type_name())
        return frame

    async def read(self) -> None:
        """Reads until the session ends."""
        try:
            while True:
                data = await self._session.recv()
                tell(event="message", hex=data.hex())
        except (USMPError, EOFError, OSError) as error:
            tell_failure(error, event="closed")

    def commands(self) -> Commands:
        return {
            "send": lambda request: self._session.send(bytes.fromhex(request["hex"])),
            "ping": lambda _: self._session.ping(),
            "rekey": lambda _: self._session.rekey(),
            "bye": lambda _: self._session.bye(),
        }
