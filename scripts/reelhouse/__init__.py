"""Command line, readers, generators, checks and benchmarks of the reelhouse dbt project."""
