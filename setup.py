"""The packages of the wheel; everything else about it stands in pyproject.toml.

The handlers lie at the top of the checkout and are installed as `scheduled.handlers`, so that
no other distribution with a package called `handlers` can overwrite them. The `packages.find`
of pyproject.toml cannot rename what it finds.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from setuptools import find_packages, setup

# Not built in the checkout: the next `pip install .` would take up modules that are gone since.
with TemporaryDirectory() as folder:
    setup(
        packages=[
            *find_packages(include=["scheduled", "scheduled.*"]),
            *(f"scheduled.{name}" for name in find_packages(include=["handlers", "handlers.*"])),
        ],
        package_dir={"scheduled.handlers": "handlers"},
        data_files=[("share/man/man1", [*map(str, Path("docs/man").glob("*.1"))])],
        options={"build": {"build_base": folder}},
    )
