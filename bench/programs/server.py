"""An asyncio server on the loopback interface, and its clients, in one process."""

import asyncio
import json
import sys

from marks import profiled


async def answer(reader, writer):
    while line := await reader.readline():
        request = json.loads(line)
        rows = [{"id": request["id"], "row": number} for number in range(request["rows"])]
        writer.write(json.dumps(rows).encode() + b"\n")
        await writer.drain()
    writer.close()


async def ask(port, count):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    total = 0
    for number in range(count):
        writer.write(json.dumps({"id": number, "rows": 10}).encode() + b"\n")
        await writer.drain()
        total += len(json.loads(await reader.readline()))
    writer.close()
    return total


@profiled
async def work(units):
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    return sum(await asyncio.gather(*[ask(port, units * 100) for _ in range(8)]))


print(asyncio.run(work(int(sys.argv[1]))))
