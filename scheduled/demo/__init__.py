"""The first minute: `python -m scheduled.demo` on a built-in example ecosystem."""
