"""As much of a Redis server as the counter needs: it speaks RESP, so the real redis-py talks to it.

https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

import asyncio


async def main(node):
    """Serve for ever; what is stored is shown to checks as `state["data"]`."""
    data = node.state["data"] = {}

    async def serve(reader, writer):
        try:
            while command := await read_command(reader):
                writer.write(answer(data, command))
        except ConnectionError:
            pass  # the client is gone
        writer.close()

    server = await asyncio.start_server(serve, "0.0.0.0", node.port)
    await server.serve_forever()


async def read_command(reader):
    """A command is an array of strings: `*2 $3 GET $5 stock`. Nothing at the end of the stream."""
    head = await reader.readline()
    if not head:
        return None
    words = []
    for _ in range(int(head[1:])):
        length = int((await reader.readline())[1:])
        words.append((await reader.readexactly(length + 2))[:-2].decode())
    return words


def answer(data, command):
    """What a command does, and the reply to it."""
    match [command[0].upper(), *command[1:]]:
        case ["GET", key]:
            value = str(data[key]) if key in data else None
            return b"$-1\r\n" if value is None else f"${len(value)}\r\n{value}\r\n".encode()
        case ["SET", key, value]:
            data[key] = value
            return b"+OK\r\n"
        case ["INCRBY", key, by]:
            data[key] = int(data.get(key, 0)) + int(by)
            return f":{data[key]}\r\n".encode()
        case ["CLIENT", *_]:
            return b"+OK\r\n"  # redis-py introduces itself
        case _:
            return f"-ERR unknown command {command[0]}\r\n".encode()
