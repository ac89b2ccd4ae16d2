"""The version of the program, here and nowhere else. Imports nothing."""

__version__ = "0.2.0.dev0"
