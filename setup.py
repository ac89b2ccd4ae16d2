"""The packages of the wheel; everything else about it stands in pyproject.toml.

The handlers lie at the top of the checkout and are installed as `scheduled.handlers`, so that
no other distribution with a package called `handlers` can overwrite them. The `packages.find`
of pyproject.toml cannot rename what it finds.
"""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["scheduled", "scheduled.*"]),
        *(f"scheduled.{package}" for package in find_packages(include=["handlers", "handlers.*"])),
    ],
    package_dir={"scheduled.handlers": "handlers"},
)
