"""From files to jobs: paths, the configuration, job files, and their checks."""
