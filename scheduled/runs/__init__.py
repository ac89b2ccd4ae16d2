"""One run: its process, environment, output, and how it is stopped."""
