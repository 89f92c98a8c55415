"""Check what the last refresh landed and wrote, with Great Expectations.

Every file of `expectations/` is one suite for one table; a new file is all that a new suite needs.
Of each table only the rows that its last refresh wrote are read, and Data Docs of the outcome are
built in target/data_docs. A failed expectation of the severity `critical` (the default) ends with
exit status 1; `warning` and `info` are only reported.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from reelhouse.lake.connection import LIVE_CATALOG, connect

# Read when the package is imported: nothing is reported to anyone.
os.environ["GX_ANALYTICS_ENABLED"] = "False"
import great_expectations as gx  # noqa: E402
from great_expectations.checkpoint import UpdateDataDocsAction  # noqa: E402

SHOWN_EXAMPLES = 5


@dataclass
class Suite:
    """One file of `expectations/`: the rows of one table, and what is expected of them."""

    table: str
    batch_column: str
    expectations: list[dict]

    @property
    def model(self) -> str:
        """The table's name without its schema: the name of its dbt model."""
        return self.table.split(".")[-1]


@dataclass
class Written:
    """What the last refresh of a table wrote, in a file: all rows, or an even sample of them."""

    file: Path
    invocation_id: str
    rows: int
    rows_checked: int


def read_suites(folder: Path) -> list[Suite]:
    """Read every suite of a folder, in the order of their names."""
    return [Suite(**yaml.safe_load(path.read_text())) for path in sorted(folder.glob("*.yml"))]


def write_last_written(
    connection: duckdb.DuckDBPyConnection, suite: Suite, folder: Path, most_rows: int
) -> Written | None:
    """Copy what the last refresh of a suite's table wrote to a file; None if it never wrote.

    Args:
        connection: an open lake.
        suite: says the table and its batch column.
        folder: where the file goes.
        most_rows: above it every n-th row is taken, so that memory is bounded; the same rows again
            on the same lake.
    """
    first_batch_id, invocation_id = connection.execute(
        """
        select
            max_by(first_batch_id, batch_id),
            max_by(invocation_id, batch_id)
        from lake.ledger.refresh_log
        where model = ?
        """,
        [suite.model],
    ).fetchone()
    if first_batch_id is None:
        return None
    written = f"from lake.{suite.table} where {suite.batch_column} >= {first_batch_id}"
    (rows,) = connection.execute(f"select count(*) {written}").fetchone()
    step = max(1, -(-rows // most_rows))
    file = folder / f"{suite.model}.parquet"
    (rows_checked,) = connection.execute(
        f"copy (select * {written} and rowid % {step} = 0) to '{file}' (format parquet)"
    ).fetchone()
    return Written(file, invocation_id, rows, rows_checked)


def open_context(data_docs: Path) -> gx.data_context.EphemeralDataContext:
    """Return a Great Expectations context that keeps nothing but its Data Docs."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    shutil.rmtree(data_docs, ignore_errors=True)
    # The default site would be built in a temporary folder.
    context.delete_data_docs_site("local_site")
    context.add_data_docs_site(
        "data_docs",
        {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(data_docs),
            },
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        },
    )
    return context


def run_checkpoint(
    context: gx.data_context.EphemeralDataContext, written: list[tuple[Suite, Written]]
) -> dict[str, gx.ExpectationSuiteValidationResult]:
    """Validate every suite in one checkpoint, build the Data Docs, return results by model."""
    source = context.data_sources.add_pandas("last_refresh")
    validations = []
    for suite, rows in written:
        asset = source.add_parquet_asset(suite.model, path=str(rows.file))
        expected = gx.ExpectationSuite(name=suite.model, expectations=suite.expectations)
        validations.append(
            gx.ValidationDefinition(
                name=suite.model,
                data=asset.add_batch_definition("rows"),
                suite=context.suites.add(expected),
            )
        )
        context.validation_definitions.add(validations[-1])
    checkpoint = gx.Checkpoint(
        name="last_refresh",
        validation_definitions=validations,
        actions=[UpdateDataDocsAction(name="data_docs")],
        result_format="SUMMARY",
    )
    outcome = context.checkpoints.add(checkpoint).run()
    return {result.suite_name: result for result in outcome.run_results.values()}


def list_results(data_docs: Path) -> None:
    """Put plain links to the results into the index: its own table needs scripts from the net."""
    index = data_docs / "index.html"
    pages = sorted(page.relative_to(data_docs) for page in data_docs.glob("validations/**/*.html"))
    links = "".join(f'<li><a href="{page}">{page.parts[1]}</a></li>' for page in pages)
    page = index.read_text()
    index.write_text(page.replace("</body>", f"<h4>Results by table</h4><ul>{links}</ul></body>"))


def describe(result: gx.ExpectationValidationResult) -> str:
    """Say what was expected of which column, how many rows break it, and show some of them."""
    config = result.expectation_config
    columns = config.kwargs.get("column") or ", ".join(config.kwargs.get("column_list", []))
    lines = [f"{columns or 'the table'}: {config.description or config.type} [{config.type}]"]
    found = result.result
    if "unexpected_count" in found:
        counts = f"{found['unexpected_count']:,} of {found['element_count']:,} rows break it"
        if allowed := 1 - config.kwargs.get("mostly", 1):
            counts += f" ({found['unexpected_percent']:.1f}%; allowed {allowed:.1%})"
        lines.append(counts)
        if examples := found["partial_unexpected_list"][:SHOWN_EXAMPLES]:
            lines.append(f"examples: {', '.join(str(example) for example in examples)}")
    elif "observed_value" in found:
        lines.append(f"found: {found['observed_value']}")
    lines += errors_of(result.exception_info)
    return "\n      ".join(lines)


def errors_of(exception_info: dict) -> list[str]:
    """Return the messages of an expectation that could not be evaluated, such as a lost column."""
    entries = [exception_info, *exception_info.values()]
    messages = [entry.get("exception_message") for entry in entries if isinstance(entry, dict)]
    return sorted({message.strip() for message in messages if message})


def note_checked(lake: str, written: list[tuple[Suite, Written]], notes: Path) -> bool:
    """Remember which refreshes of which lake were checked; say whether they all had been before."""
    known = json.loads(notes.read_text()) if notes.exists() else {}
    checked = {suite.model: rows.invocation_id for suite, rows in written}
    seen = known.get(str(Path(lake).resolve())) == checked
    notes.write_text(json.dumps({**known, str(Path(lake).resolve()): checked}, indent=2))
    return seen


def check(lake: str, suites: list[Suite], target: Path, most_rows: int) -> int:
    """Check a lake, print the result, and return how many critical expectations failed.

    Args:
        lake: folder of the lake.
        suites: what is expected, by table.
        target: folder for everything that is written.
        most_rows: rows checked at most of each table.

    Raises:
        FileNotFoundError: there is no lake in the folder.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        with connect(lake, LIVE_CATALOG) as connection:
            written = [
                (suite, rows)
                for suite in suites
                if (rows := write_last_written(connection, suite, Path(folder), most_rows))
            ]
        if not written:
            print(f"No refresh of {lake} has written a table of a suite: nothing to check.")
            return 0
        if note_checked(lake, written, target / "expectations.json"):
            print("Nothing new has landed since the last check: the last batch is checked again.")
        data_docs = target / "data_docs"
        results = run_checkpoint(open_context(data_docs), written)
    list_results(data_docs)
    critical = 0
    for suite, rows in written:
        broken = [result for result in results[suite.model].results if not result.success]
        sample = "" if rows.rows_checked == rows.rows else f" (sampled from {rows.rows:,})"
        print(
            f"{suite.table}: {len(suite.expectations) - len(broken)} of {len(suite.expectations)}"
            f" expectations hold on {rows.rows_checked:,} rows{sample}"
        )
        for result in broken:
            severity = str(result.expectation_config.severity.value)
            critical += severity == "critical"
            print(f"  {'FAILED' if severity == 'critical' else severity}  {describe(result)}")
    print(f"Data Docs: {data_docs / 'index.html'}")
    return critical


def run(lake: str, suites: Path, target: Path, most_rows: int) -> int:
    """Check a lake and print the outcome.

    Args:
        lake: folder of the lake.
        suites: folder of the suites.
        target: folder for everything that is written.
        most_rows: rows checked at most of each table.

    Returns:
        Exit status: 1 if a critical expectation failed or the lake cannot be read.
    """
    # Great Expectations warns of the versions of what it uses.
    warnings.simplefilter("ignore")
    try:
        critical = check(lake, read_suites(suites), target.resolve(), most_rows)
    except (FileNotFoundError, duckdb.Error) as error:
        print(error, file=sys.stderr)
        return 1
    if critical:
        print(f"{critical} critical expectations failed.", file=sys.stderr)
    return min(critical, 1)
