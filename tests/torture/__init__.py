"""A seeded random checker: sequences of ticks, kills, edits, commands and clock changes.

`operations` draws a sequence from a seed, `world` carries it out on a real installation with real
processes, `rules` compares what the journal says with what an independent model of the
schedules demands, `shrink` makes a sequence that fails as short as it can.
"""
