"""Toxiproxy's REST API of a session, and what fozzy adds to it: paths, answers and errors as its published clients know them."""
