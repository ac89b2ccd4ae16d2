"""Maintenance of the state folder: check, backup, clean-up, rebuild."""
