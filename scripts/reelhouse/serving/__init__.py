"""The copy of marts in PostgreSQL."""
