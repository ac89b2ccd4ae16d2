"""From a schedule's expression to the instants it fires at (pure: no clock, no files)."""
