"""The generator: what it promises of its rows, and that a day does not depend on its neighbours."""

import gzip
from datetime import date
from pathlib import Path

import duckdb
import pytest

from reelhouse.generate.files import COPY_OPTIONS
from reelhouse.generate.platform import WEEKEND_FACTOR
from reelhouse.generate.watch_events import DIRTY, TEXT_ONLY, generate

WEEK = {"days": 7, "events_per_day": 2_000, "profiles": 500, "titles": 100}


def rows(folder, pattern="**/*.parquet"):
    return duckdb.sql(f"from read_parquet('{folder}/watch_events/{pattern}', filename = true)")


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    folder = tmp_path_factory.mktemp("week")
    return folder, generate(folder, late_share=0.05, duplicate_share=0.04, **WEEK)


def test_rows_are_as_many_as_the_summary_says(week):
    folder, summary = week
    assert rows(folder).count("*").fetchone()[0] == summary.rows
    assert len(list(folder.rglob("*.parquet"))) == summary.files == 7


def test_no_unfinished_file_is_left(week):
    folder, _ = week
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]


def test_shares_are_near_those_asked_for(week):
    _, summary = week
    events = summary.rows - summary.duplicates
    assert summary.late / events == pytest.approx(0.05, rel=0.15)
    # The first day has no day before it to repeat from.
    assert summary.duplicates / events == pytest.approx(0.04 * 13 / 14, rel=0.15)
    assert summary.dirty == {}


def test_an_identifier_names_one_event(week):
    folder, summary = week
    distinct, payloads = duckdb.sql(
        f"""
        select count(distinct event_id), count(distinct columns(* exclude filename)::varchar)
        from read_parquet('{folder}/watch_events/**/*.parquet', filename = true)
        """
    ).fetchone()[:2]
    assert distinct == payloads == summary.rows - summary.duplicates


def test_a_session_is_of_one_profile_and_one_day(week):
    folder, _ = week
    assert (
        rows(folder)
        .aggregate(
            "session_id, count(distinct profile_id) as profiles,"
            " count(distinct event_ts::date) as days"
        )
        .filter("profiles > 1 or days > 1")
        .fetchall()
        == []
    )


def test_few_profiles_and_titles_draw_most(week):
    folder, _ = week
    for column, members in (("profile_id", 500), ("title_id", 100)):
        counts = [
            n
            for (n,) in duckdb.sql(
                f"select count(*) as n from read_parquet('{folder}/watch_events/**/*.parquet')"
                f" group by {column} order by n desc"
            ).fetchall()
        ]
        tenth = sum(counts[: members // 10]) / sum(counts)
        assert 0.25 < tenth < 0.7, f"{column}: the top tenth has a share of {tenth:.2f}"


def test_evenings_and_weekends_are_busy(week):
    folder, _ = week
    by_hour = dict(rows(folder).aggregate("hour(event_ts) as h, count(*)").fetchall())
    assert by_hour[20] > 5 * by_hour[4]
    by_day = dict(rows(folder).aggregate("dayname(event_ts) as d, count(*)").fetchall())
    assert by_day["Saturday"] / by_day["Friday"] == pytest.approx(WEEKEND_FACTOR, rel=0.1)


def test_values_do_not_depend_on_each_other(week):
    folder, _ = week
    correlation = (
        rows(folder)
        .aggregate(
            "corr(substr(profile_id, 2)::int, substr(title_id, 2)::int) as a,"
            " corr(substr(title_id, 2)::int, watch_seconds) as b,"
            " corr(hour(event_ts), watch_seconds) as c"
        )
        .fetchone()
    )
    assert all(abs(value) < 0.03 for value in correlation), correlation


@pytest.mark.parametrize("file_format", ["csv.gz", "jsonl"])
def test_the_same_arguments_give_the_same_bytes(tmp_path, file_format):
    arguments = {**WEEK, "days": 2, "dirty_share": 0.05, "file_format": file_format}
    generate(tmp_path / "a", **arguments)
    generate(tmp_path / "b", **arguments)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("part-*"))
    assert len(files) == 2
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    generate(tmp_path / "c", **{**arguments, "seed": 2})
    assert (tmp_path / "a" / files[0]).read_bytes() != (tmp_path / "c" / files[0]).read_bytes()


def test_a_day_comes_out_alike_alone(week, tmp_path):
    folder, _ = week
    generate(tmp_path, late_share=0.05, duplicate_share=0.04, **{**WEEK, "days": 1}, first_day=4)
    day = str(date(2025, 1, 5))
    alone = rows(tmp_path, f"{day}/*.parquet").project("* exclude filename").fetchall()
    among = rows(folder, f"{day}/*.parquet").project("* exclude filename").fetchall()
    assert alone == among


def test_parts_share_out_a_day(tmp_path):
    arguments = {**WEEK, "days": 1}
    generate(tmp_path / "one", **arguments)
    generate(tmp_path / "three", files_per_day=3, **arguments)
    one, three = (
        sorted(rows(tmp_path / name).project("* exclude filename").fetchall())
        for name in ("one", "three")
    )
    assert one == three
    assert len(list((tmp_path / "three").rglob("part-*"))) == 3


def test_dirty_rows_come_in_every_kind(tmp_path):
    summary = generate(tmp_path, dirty_share=0.2, file_format="csv.gz", **{**WEEK, "days": 2})
    assert set(summary.dirty) == set(DIRTY)
    assert sum(summary.dirty.values()) / (summary.rows - summary.duplicates) == pytest.approx(
        0.2, rel=0.15
    )
    content = b"".join(gzip.decompress(path.read_bytes()) for path in tmp_path.rglob("part-*"))
    assert content.count(b"caf\xff") == summary.dirty["not_utf8"]
    with pytest.raises(UnicodeDecodeError):
        content.decode()


@pytest.mark.parametrize("file_format", ["parquet", "csv.gz"])
def test_a_repeated_event_is_an_exact_copy(tmp_path, file_format):
    arguments = {**WEEK, "days": 3, "events_per_day": 5_000, "files_per_day": 2}
    summary = generate(
        tmp_path, dirty_share=0.2, duplicate_share=0.2, file_format=file_format, **arguments
    )
    files = f"'{tmp_path}/watch_events/**/part-*'"
    reader = f"read_parquet({files})"
    if file_format != "parquet":
        reader = f"read_csv({files}, all_varchar = true, encoding = 'latin-1')"
    ids, payloads, rows_read = duckdb.sql(
        f"""
        select count(distinct event_id), count(distinct event), count(*)
        from (select event_id, event::varchar as event from {reader} as event)
        where event_id is not null
        """
    ).fetchone()
    assert ids == payloads == rows_read - summary.duplicates
    assert summary.duplicates > 1_000


def test_parquet_has_types_also_when_it_is_dirty(tmp_path):
    summary = generate(tmp_path, dirty_share=0.2, **{**WEEK, "days": 1})
    assert set(summary.dirty) == set(DIRTY) - TEXT_ONLY
    types = dict(zip(rows(tmp_path).columns, map(str, rows(tmp_path).types), strict=True))
    assert types["event_ts"] == "TIMESTAMP"
    assert types["watch_seconds"] == "DOUBLE"


def test_the_sample_is_small_and_in_every_format():
    sample = Path(__file__).resolve().parents[2] / "seeds" / "sample" / "watch_events"
    files = sorted(path for path in sample.rglob("*") if path.is_file())
    assert {path.name.split(".", 1)[1] for path in files} == set(COPY_OPTIONS)
    assert len({path.parent.name for path in files}) == 14
    assert sum(path.stat().st_size for path in files) < 250_000


def test_a_quote_in_the_path_is_only_a_letter(tmp_path):
    summary = generate(tmp_path / "it's", **{**WEEK, "days": 1})
    assert summary.rows > 0
    assert len(list((tmp_path / "it's").rglob("part-0.parquet"))) == 1


def test_wrong_arguments_are_told(tmp_path):
    with pytest.raises(ValueError, match="known are parquet"):
        generate(tmp_path, file_format="xlsx")
    with pytest.raises(ValueError, match="between 0 and 1"):
        generate(tmp_path, late_share=5)
    with pytest.raises(ValueError, match="profiles is 0; it must be 1 or more"):
        generate(tmp_path, profiles=0)
