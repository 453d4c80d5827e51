"""Stand-ins for services that one cannot run: language models, embeddings, streams of events. Programs of their own."""
