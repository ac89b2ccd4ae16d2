"""Executors: where a run takes place that this machine only waits for, and how it gets there."""
