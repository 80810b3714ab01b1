"""Two peers of aioice that know nothing of each other but their relayed addresses exchange messages both ways.

Arguments: transport (udp, tcp or tls), server's host, its port, username, password.
Prints a line of JSON: the types of the candidates in use, and how many messages arrived as they were sent on each side.
"""

import asyncio
import json
import ssl
import sys

from aioice import Connection
from aioice.ice import TransportPolicy

MESSAGES = 100


def message(sender, number):
    """Lengths of all remainders to 4, so that padding shows, and bytes that only this message has."""
    return bytes([sender, number]) + bytes((number + i) % 256 for i in range(100 + number))


def trusting_context():
    """The certificate of the test is nobody's to know, and is verified elsewhere."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def relayed_only(controlling, transport, host, port, username, password):
    return Connection(
        ice_controlling=controlling,
        turn_server=(host, int(port)),
        turn_username=username,
        turn_password=password,
        turn_transport="udp" if transport == "udp" else "tcp",
        turn_ssl=trusting_context() if transport == "tls" else False,
        transport_policy=TransportPolicy.RELAY,
    )


async def signal(offerer, answerer):
    for candidate in offerer.local_candidates:
        await answerer.add_remote_candidate(candidate)
    await answerer.add_remote_candidate(None)
    answerer.remote_username = offerer.local_username
    answerer.remote_password = offerer.local_password


async def exchange(sender, receiver, mark):
    arrived = 0
    for number in range(MESSAGES):
        await sender.send(message(mark, number))
        if await receiver.recv() == message(mark, number):
            arrived += 1
    return arrived


async def main(arguments):
    a = relayed_only(True, *arguments)
    b = relayed_only(False, *arguments)
    await asyncio.gather(a.gather_candidates(), b.gather_candidates())
    await asyncio.gather(signal(a, b), signal(b, a))
    await asyncio.gather(a.connect(), b.connect())
    arrived = await asyncio.gather(exchange(a, b, 1), exchange(b, a, 2))
    candidates = sorted({candidate.type for side in (a, b) for candidate in side.local_candidates})
    await asyncio.gather(a.close(), b.close())
    print(json.dumps({"candidates": candidates, "arrived": arrived}))


asyncio.run(main(sys.argv[1:]))
