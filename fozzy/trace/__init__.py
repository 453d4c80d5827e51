"""What is kept on disk: traces, whole or absent, and the store that finds them again."""
