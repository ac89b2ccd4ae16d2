"""Executors: where a run takes place, here or on another machine, and how it gets there."""
