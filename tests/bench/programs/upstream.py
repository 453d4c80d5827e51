"""An upstream that costs little: one answer to everything, keep-alive, `python upstream.py PORT`."""

from __future__ import annotations

import json
import select
import socket
import sys

BODY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello there."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
    }
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)


def length_of(head: bytes) -> int:
    """How long the body is that the head announces."""
    at = head.find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def whole(data: bytes) -> int:
    """The bytes of the first request; 0 while it is not whole."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return 0
    size = end + 4 + length_of(data[:end].lower())
    return size if len(data) >= size else 0


def main() -> None:
    """Serve until it is ended."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(sys.argv[1])))
    listener.listen(4096)
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    open_: dict[int, tuple[socket.socket, bytearray]] = {}
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                open_[connection.fileno()] = connection, bytearray()
                poll.register(connection.fileno(), select.EPOLLIN)
                continue
            connection, waiting = open_[number]
            try:
                data = connection.recv(65536)
            except OSError:
                data = b""
            if not data:
                poll.unregister(number)
                del open_[number]
                connection.close()
                continue
            waiting += data
            while size := whole(bytes(waiting)):
                del waiting[:size]
                connection.sendall(ANSWER)


if __name__ == "__main__":
    main()
