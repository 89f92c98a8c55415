"""The refresh: `dbt build` with a summary."""
