"""Schedules in words: `every 2 weeks on mon,thu at 09:00` (pure)."""
