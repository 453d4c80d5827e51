"""An upstream that promises a million bytes, sends some and waits; it says its port and waits to be killed."""

from __future__ import annotations

import socket
import threading
import time

PROMISED = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000


def serve(sock: socket.socket) -> None:
    """Half an answer."""
    sock.recv(65536)
    sock.sendall(PROMISED)
    time.sleep(60)


def main() -> None:
    """Serve until it is killed."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main()
