"""The world the handlers work on: registry, branches, mailboxes, memory files, logs."""
