"""The outpost as one line of text, for a Python that has nothing of `scheduled` installed."""

from importlib import resources

from scheduled.runs.executors import outpost

BOOTSTRAP = (
    'import sys;sys.version_info<(3,8) and sys.exit("this is Python "+sys.version.split()[0]+'
    '", and 3.8 or newer is needed");exec(eval(sys.stdin.readline()))'
)
"""The program that Python gets with -c; it reads the line from standard input and runs it."""
MODULES = ("wire", "environment", "family", "handler", "guard", "spool", "main")
"""The modules of the outpost; each imports only those before it."""
_PROGRAM = """\
import sys, types

def module(name, text=""):
    new = sys.modules[name] = types.ModuleType(name)
    parent, _, last = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], last, new)
    new.__path__ = []
    exec(compile(text, name, "exec"), new.__dict__)
    return new

package, sources = {package!r}, {sources!r}
words = package.split(".")
for count in range(len(words)):
    module(".".join(words[: count + 1]))
for name, text in sources:
    last = module(package + "." + name, text)
last.main()
"""


def line() -> bytes:
    """Return the outpost as a Python string literal on one line."""
    folder = resources.files(outpost)
    sources = [(name, (folder / f"{name}.py").read_text("utf-8")) for name in MODULES]
    program = _PROGRAM.format(package=outpost.__name__, sources=sources)
    return ascii(program).encode("ascii") + b"\n"
