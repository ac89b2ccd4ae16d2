"""The command line: one file a group of commands. Parse, read the clock once, call, print."""
