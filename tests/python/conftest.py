"""Fixtures that every domain's tests share. The one to know is `project`."""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from dbt_process import start_dbt

from reelhouse.lake.connection import LIVE_CATALOG, attach_lake

ROOT = Path(__file__).resolve().parents[2]
# What a dbt project is made of; a test's project links to these.
PROJECT_FILES = (
    "dbt_project.yml",
    "profiles.yml",
    "selectors.yml",
    "profiles",
    "analyses",
    "macros",
    "models",
    "scripts",
    "seeds",
    "tests",
)
ROWS_ONLY = ("--exclude-resource-type", "test", "unit_test")
TIMEOUT_SECONDS = 300


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="also run tests that take minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-slow"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="takes minutes; pytest --run-slow runs it"))


@dataclass
class Outcome:
    """What one dbt invocation did."""

    returncode: int
    stdout: str
    # Of each node, by its name: success, pass, fail, error, skipped, ...
    statuses: dict[str, str]


def without_tests(properties: object) -> object:
    """Return the properties of models or seeds without their data tests."""
    if isinstance(properties, dict):
        return {
            name: without_tests(value) for name, value in properties.items() if name != "data_tests"
        }
    if isinstance(properties, list):
        return [without_tests(value) for value in properties]
    return properties


class Project:
    """This repository's dbt project with a landing folder and a lake of its own.

    The project's folder holds links to the repository. `landing` and `lake` lie inside and are
    given to dbt by the same relative names in every test, so that all tests share one parsed
    manifest. Names that a test changes are copied first: `own("seeds")`.
    """

    def __init__(self, folder: Path, parsed: Path | None = None) -> None:
        self.folder = folder
        self.landing = folder / "landing"
        self.lake = folder / "lake"
        self.target = folder / "target"
        # Environment variables that dbt gets beside the lake's.
        self.environment: dict[str, str] = {}
        self.landing.mkdir(parents=True)
        for name in PROJECT_FILES:
            (folder / name).symlink_to(ROOT / name)
        self.target.mkdir()
        if parsed is not None:
            shutil.copy(parsed, self.target)

    def own(self, name: str) -> Path:
        """Replace the link to one of the project's files or folders by a copy, to edit it."""
        path = self.folder / name
        if path.is_symlink():
            path.unlink()
            source = ROOT / name
            shutil.copytree(source, path) if source.is_dir() else shutil.copy(source, path)
        return path

    def keep_engagement(self, *, bare: bool = False) -> None:
        """Take all domains but engagement out: dbt starts sooner, and a whole build is short.

        A bare one has no tests of dbt and none of the lake's own models either: half as long.
        """
        models, seeds = self.own("models"), self.own("seeds")
        settings = self.own("dbt_project.yml")
        listed = re.compile(r"feeds:\s*\[.*?\]", re.DOTALL)
        settings.write_text(listed.sub("feeds: [watch_events]", settings.read_text(), count=1))
        (self.folder / "analyses").unlink()
        domains = {path.name for path in (models / "marts").iterdir()} - {"engagement"}
        feeds = {path.stem[4:] for path in models.rglob("stg_*.sql")} - {"watch_events"}
        for path in [*models.rglob("*.*"), *seeds.rglob("*.*")]:
            if domains & set(path.parts) or any(name in path.name for name in domains | feeds):
                path.unlink()
        # Of the reference tables stay those of all domains.
        shared = (seeds / "reference" / "_reference__seeds.yml").read_text()
        for table in (seeds / "reference").glob("*.csv"):
            if f"- name: {table.stem}\n" not in shared:
                table.unlink()
        if bare:
            (self.folder / "tests").unlink()
            (self.folder / "tests").mkdir()
            for path in models.rglob("*unit_tests.yml"):
                path.unlink()
            for path in (models / "lakehouse").iterdir():
                if not path.name.endswith("sources.yml"):
                    path.unlink()
            for path in [*models.rglob("*.yml"), *seeds.rglob("*.yml")]:
                kept = without_tests(yaml.safe_load(path.read_text()))
                path.write_text(yaml.safe_dump(kept, sort_keys=False))

    def start(self, *arguments: str, vars: dict | None = None) -> BaseProcess:
        """Start dbt (`arguments` begin with its command) and return the running process."""
        variables = {"landing_path": "landing", **(vars or {})}
        (self.folder / "output.json").unlink(missing_ok=True)
        command = [*arguments, "--vars", json.dumps(variables)]
        command += ["--target-path", "target", "--log-path", "logs", "--no-use-colors"]
        if arguments[0] in ("build", "run", "seed", "test") and "--write-json" not in arguments:
            # Hardly a test reads the artifacts, and to write them takes a quarter of a small build.
            command += ["--no-write-json"]
        environment = {
            "REELHOUSE_LAKE": os.path.relpath(self.lake, self.folder),
            **self.environment,
        }
        return start_dbt(command, self.folder, environment, self.folder / "output.txt")

    def dbt(
        self, *arguments: str, vars: dict | None = None, expect_success: bool = True
    ) -> Outcome:
        """Run dbt to its end; fail the test where success was expected and did not come."""
        process = self.start(*arguments, vars=vars)
        process.join(TIMEOUT_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        results = self.folder / "output.json"
        statuses = json.loads(results.read_text()) if results.exists() else {}
        outcome = Outcome(process.exitcode, (self.folder / "output.txt").read_text(), statuses)
        if expect_success and outcome.returncode != 0:
            pytest.fail(f"dbt {' '.join(arguments)} failed:\n{outcome.stdout}")
        return outcome

    def build(
        self, *arguments: str, vars: dict | None = None, expect_success: bool = True
    ) -> Outcome:
        """Run `dbt build`, as `make build` does: without unit tests, a third of its time.

        `*ROWS_ONLY` among the arguments leaves all tests out. test_sample runs everything.
        """
        if "--exclude-resource-type" not in arguments:
            arguments = (*arguments, "--exclude-resource-type", "unit_test")
        return self.dbt("build", *arguments, vars=vars, expect_success=expect_success)

    def connect(
        self, catalog: str = LIVE_CATALOG, *, read_only: bool = True
    ) -> duckdb.DuckDBPyConnection:
        """Open the lake, by default read-only, with the marts in the search path."""
        connection = duckdb.connect()
        connection.execute("set timezone = 'UTC'")
        attach_lake(connection, self.lake, catalog, read_only=read_only)
        with suppress(duckdb.CatalogException):  # a lake that holds no mart yet
            connection.execute("use lake.analytics")
        return connection

    def query(self, sql: str, catalog: str = LIVE_CATALOG) -> list[tuple]:
        """Answer a query on the lake through a fresh read-only connection."""
        with self.connect(catalog) as connection:
            return connection.execute(sql).fetchall()

    def dataframe(self, sql: str) -> pd.DataFrame:
        """The same as `query`, as a pandas frame."""
        with self.connect() as connection:
            return connection.execute(sql).df()


@pytest.fixture(scope="session")
def parsed_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project parsed once: a copy saves every other project its own parsing."""
    project = Project(tmp_path_factory.mktemp("parsed") / "project")
    project.dbt("parse")
    return project.target / "partial_parse.msgpack"


@pytest.fixture(scope="session")
def engagement_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of the project with one domain."""
    return _parse_engagement(tmp_path_factory, bare=False)


@pytest.fixture(scope="session")
def bare_manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of the project with one domain and no tests."""
    return _parse_engagement(tmp_path_factory, bare=True)


def _parse_engagement(tmp_path_factory: pytest.TempPathFactory, bare: bool) -> Path:
    project = Project(tmp_path_factory.mktemp("parsed") / "project")
    project.keep_engagement(bare=bare)
    project.dbt("parse")
    return project.target / "partial_parse.msgpack"


def new_project(request: pytest.FixtureRequest, folder: Path) -> Project:
    """Make a project; of one domain where the test or its module is marked `one_domain`."""
    marker = request.node.get_closest_marker("one_domain")
    if marker is None:
        return Project(folder, request.getfixturevalue("parsed_manifest"))
    manifest = "bare_manifest" if marker.kwargs.get("bare") else "engagement_manifest"
    project = Project(folder, request.getfixturevalue(manifest))
    project.keep_engagement(**marker.kwargs)
    return project


@pytest.fixture
def make_project(request: pytest.FixtureRequest, tmp_path: Path):
    """A function that makes projects, for tests that compare several: make_project("name")."""
    return lambda name: new_project(request, tmp_path / name)


@pytest.fixture(scope="module")
def make_module_project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """The same, for projects that all tests of a module read."""
    folder = tmp_path_factory.mktemp("module")
    return lambda name: new_project(request, folder / name)


@pytest.fixture
def project(make_project) -> Project:
    """A dbt project with an empty landing folder (`landing`) and no lake yet (`lake`)."""
    return make_project("project")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real public data; skips where it is missing."""
    folder = Path(os.environ.get("REELHOUSE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.exists():
        pytest.skip(f"no real data in {folder}: set REELHOUSE_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def compiled_sql(tmp_path_factory: pytest.TempPathFactory, parsed_manifest: Path):
    """SQL of a node as dbt compiles it for a first build: a function of the node's name.

    A test runs it over tables of its own, in a DuckDB where a database in memory is named `lake`.
    """
    project = Project(tmp_path_factory.mktemp("compiled") / "project", parsed_manifest)
    project.dbt("compile")
    files = {path.stem: path for path in (project.target / "compiled").rglob("*.sql")}
    return lambda name: files[name].read_text()
