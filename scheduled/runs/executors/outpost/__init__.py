"""The outpost: starts one command on another machine, and ends it when nobody asks for it any more.

`executors.bundle` sends these modules as they are to machines on which nothing of `scheduled` is
installed. So they need nothing but Python 3.8 or newer, and import nothing but each other.
"""
