"""Cron with a memory: a one-shot scheduler for system cron, with its state in JSON files."""

__version__ = "0.1.0"
