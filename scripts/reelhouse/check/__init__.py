"""Checks of a lake: expectations, pruning, query plans."""
