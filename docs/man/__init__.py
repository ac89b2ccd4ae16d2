"""The man page, from what the commands declare and from tables of the manual."""
