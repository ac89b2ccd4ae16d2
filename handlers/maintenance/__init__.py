"""Work that AICO's scheduler has for a machine and its files."""
