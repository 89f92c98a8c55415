"""The lake: how to open it, and what dbt needs from Python to write it."""
