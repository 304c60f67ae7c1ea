"""What the integration tests stand on: a server under test, an HTTP client that hides nothing, waiting with a deadline."""
