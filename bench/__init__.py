"""What things cost, as ratios: ours against what it is made of, measured in one run.

Seconds say more about the machine than about the program, so no row stands by itself. Both
sides are measured in turns, by processes of their own, and the page cache is warm for both:
*cold* means that we remember nothing yet, never that the disk is.
"""
