"""The command line as a test calls it."""

from reelhouse.cli import app


def reelhouse(*words: str) -> int:
    """Run a command in this process and return its exit status."""
    return app(list(words), prog_name="reelhouse", standalone_mode=False) or 0
