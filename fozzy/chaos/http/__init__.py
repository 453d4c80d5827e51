"""The reverse proxy and mock: HTTP/1.1 over real sockets, with faults applied."""
