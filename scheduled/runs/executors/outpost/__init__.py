"""The outpost: it starts one command on another machine, and ends it once its proxy is gone.

`executors.bundle` sends these modules as they are to machines on which nothing of `scheduled` is
installed. So they need nothing but Python 3.8 or newer, and import nothing but each other.
"""
