"""Jobs: their policies, the built-in ones, and their schedules."""
