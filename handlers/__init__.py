"""The shipped handlers, one module each; found by name, never imported by the engine."""
