"""The control API of a session: operations as plain functions, the document that describes them, a server, a client."""
