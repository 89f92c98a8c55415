"""Benchmarks. Each prints a Markdown table of ratios."""
