"""Files, locks, processes and permissions: what the program asks of the operating system."""
