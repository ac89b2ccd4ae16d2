"""From a schedule's expression to the instants it fires at. Pure: no clock, no files."""
