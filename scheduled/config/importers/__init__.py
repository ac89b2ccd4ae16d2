"""Schedules of other programs, read as jobs for this one."""
