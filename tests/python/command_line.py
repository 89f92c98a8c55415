"""The command line as a test calls it."""

import typer

from reelhouse.cli import app


def reelhouse(*words: str) -> int:
    """Run a command in this process and return its exit status."""
    return app(list(words), prog_name="reelhouse", standalone_mode=False) or 0


def commands() -> set[str]:
    """Every command and group of commands, as a person types it: "reelhouse bench refresh"."""
    found = set()
    for name, command in typer.main.get_command(app).commands.items():
        found.add(f"reelhouse {name}")
        found |= {f"reelhouse {name} {part}" for part in getattr(command, "commands", ())}
    return found
