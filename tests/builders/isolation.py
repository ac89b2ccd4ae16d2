"""The surroundings every test runs in, whoever starts the tests, from whichever shell.

What a shell, a desktop, `nohup`, `nice` or a CI service leave in a process (variables, the umask,
ignored signals) is inherited by the tests and by every program they start. It is set once here,
before the first test is collected, so that a test that needs a variable has to say so.
"""

import os
import signal
import time

NETWORK = (
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)
"""How this machine reaches a package index."""
KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", *NETWORK)
KEPT_PREFIXES = (
    *("PYTEST_", "COVERAGE_", "COV_CORE_"),  # the tools that run the tests
    *("LD_PRELOAD", "FAKE"),  # a clock that was shifted on purpose, by libfaketime
    *("PIP_", "UV_"),
    "SCHEDULED_TEST_",
)


def isolate() -> None:
    """Take from this process what differs from one shell to the next."""
    for name in [*os.environ]:
        if name not in KEPT and not name.startswith(KEPT_PREFIXES):
            del os.environ[name]
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.umask(0o022)
    # `nohup` and a shell's `&` have these ignored, and a program started by a test would inherit
    # that; a handler of ours is reset by exec.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def network() -> dict[str, str]:
    """Return the variables with which a program reaches the package index of this machine."""
    return {
        name: text
        for name, text in os.environ.items()
        if name in NETWORK or name.startswith(("PIP_", "UV_"))
    }
