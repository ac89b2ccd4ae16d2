"""Power cuts: what a command does to its files is recorded, and every disk it may leave is tried.

`recording` runs a command under strace and reads what it did, `disk` keeps what is on the disk and
what is still on its way there, and makes the trees that may be found after a power cut.
"""
