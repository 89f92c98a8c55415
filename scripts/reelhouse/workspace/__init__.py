"""A workspace: a folder of its own for data, settings and reference rows, apart from the clone."""
