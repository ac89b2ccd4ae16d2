"""Damaged repositories: whatever is in their files, what can be said of them is said."""

import json
import marshal
import os
import random
import shutil
from pathlib import Path

from scheduled.ecosystem import compliance, project
from scheduled.ecosystem.claims import false_claims
from tests.builders import soak
from tests.builders.repositories import cloned, committed

FILES = (
    *(".git/HEAD", ".git/index", ".git/config", ".git/packed-refs", ".git/commondir"),
    *(".git/refs/heads/main", ".git/refs/remotes/origin/main", ".git/shallow"),
    *("pyproject.toml", "package.json", "setup.cfg", "VERSION", ".gitattributes"),
)
STARTS = (
    b"",
    b"../x\n",
    b"/etc\n",
    b"* filter=x\n",
    b"[project]\nversion = '1'\n",
    b'{"version": 1}',
)
SIGNS = b'\0\n "\\[]=:/.\xff'
RULES = compliance.Rules(["readme"], ["*.pem"], [], secrets=True, largest=1)
CLAIMS = {"git": True, "git_remote": "https://example.org/a", "python": "3.9+", "version": "1"}


def test_nothing_in_a_file_stops_a_sweep(tmp_path: Path) -> None:
    source = committed(cloned(tmp_path / "a"))
    chance = random.Random(1)
    for _ in range(soak.count(150, 5000)):
        folder = shutil.copytree(source, tmp_path / "damaged", symlinks=True)
        for name in chance.sample(FILES, 3):
            damage(folder / name, chance)

        look = project.look(str(folder), None)

        assert look.facts["exists"] is True
        assert marshal.loads(marshal.dumps(tuple(look))) == tuple(look)
        assert json.loads(json.dumps(look.facts)) == look.facts
        false_claims(CLAIMS, look.facts)
        compliance.scan(str(folder), RULES)
        shutil.rmtree(folder)


def damage(path: Path, chance: random.Random) -> None:
    """Change some bytes of a file, cut it, replace it, or put something else in its place."""
    data = bytearray(path.read_bytes() if path.exists() else chance.choice(STARTS))
    match chance.randrange(6):
        case 0:
            data = data[: chance.randint(0, len(data))]
        case 1 | 2 if data:
            for _ in range(chance.randint(1, 8)):
                data[chance.randrange(len(data))] = chance.choice(SIGNS)
        case 3:
            data = bytearray(chance.randbytes(chance.randint(0, 300)))
        case 4:
            path.unlink(missing_ok=True)
            path.mkdir() if chance.random() < 0.5 else os.mkfifo(path)
            return
        case _:
            data += chance.randbytes(20)
    path.write_bytes(data)
