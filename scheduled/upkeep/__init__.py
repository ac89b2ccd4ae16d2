"""Looking after the state folder: check it, rebuild the state, back it up, clear it out.

Nothing here is part of a tick; people ask for it with `scheduled state ...`.
"""
