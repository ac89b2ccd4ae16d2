"""The command line: one file a command. Parse, read the clock once, call, print."""
