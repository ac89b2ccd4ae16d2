"""The outpost as one line, for a Python on another machine that has nothing of ours."""

from importlib import resources

from scheduled.runs.executors import outpost

BOOTSTRAP = (
    'import sys;sys.version_info<(3,8) and sys.exit("this is Python "+sys.version.split()[0]+'
    '", and 3.8 or newer is needed");exec(eval(sys.stdin.readline()))'
)
"""What that Python is told; the line follows on its standard input."""
MODULES = ("wire", "family", "guard", "spool", "handler", "main")
"""In the order in which they import each other."""
_PROGRAM = """\
import sys, types

def module(name, text=""):
    made = sys.modules[name] = types.ModuleType(name)
    above, _, last = name.rpartition(".")
    if above:
        setattr(sys.modules[above], last, made)
    made.__path__ = []
    exec(compile(text, name, "exec"), made.__dict__)
    return made

package, sources = {package!r}, {sources!r}
words = package.split(".")
for count in range(len(words)):
    module(".".join(words[: count + 1]))
for name, text in sources:
    made = module(package + "." + name, text)
made.main()
"""


def line() -> bytes:
    """Return the outpost as a literal, in a line."""
    folder = resources.files(outpost)
    sources = [(name, (folder / f"{name}.py").read_text("utf-8")) for name in MODULES]
    program = _PROGRAM.format(package=outpost.__name__, sources=sources)
    return ascii(program).encode("ascii") + b"\n"
