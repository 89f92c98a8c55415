"""`python -m reelhouse` does what `reelhouse` does."""

from reelhouse.cli import app

app(prog_name="reelhouse")
