"""`scheduled doctor`: checks of the installation, one small function each, by subject.

`checks.TABLE` lists them all. A check gets `Facts`, plain values that the command line has
gathered from configuration and state, and looks at the machine itself.
"""
