"""The time of a build by phase."""

import json
from datetime import UTC, datetime, timedelta

from reelhouse.refresh.phases import phase_line, seconds_by_phase

BEGAN = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
STEPS = {
    "operation.reelhouse.reelhouse-on-run-start-0": 1.0,
    "seed.reelhouse.regions": 0.5,
    "model.reelhouse.land_ratings": 4.0,
    "model.reelhouse.stg_ratings": 0.25,
    "model.reelhouse.ratings": 3.0,
    "model.reelhouse.daily_ratings": 2.0,
    "model.reelhouse.quarantine_ratings": 1.5,
    "test.reelhouse.unique_ratings": 0.75,
    "unit_test.reelhouse.ratings.first": 0.25,
    "operation.reelhouse.reelhouse-on-run-end-0": 0.5,
}
FOLDER = {"land_ratings": "landing", "stg_ratings": "staging", "quarantine_ratings": "quarantine"}


def test_every_second_of_a_build_is_in_one_phase(tmp_path):
    results, place = [], BEGAN + timedelta(seconds=6)
    for name, seconds in STEPS.items():
        timing = {"name": "compile", "started_at": place.isoformat().replace("+00:00", "Z")}
        results.append({"unique_id": name, "execution_time": seconds, "timing": [timing]})
        place += timedelta(seconds=seconds + 0.1)
    models = [name for name in STEPS if name.startswith("model.")]
    manifest = {
        "nodes": {
            name: {"fqn": ["reelhouse", FOLDER.get(name.split(".")[2], "marts")]} for name in models
        },
        "parent_map": {
            "model.reelhouse.quarantine_ratings": [
                "model.reelhouse.stg_ratings",
                "model.reelhouse.ratings",
            ]
        },
    }
    (tmp_path / "run_results.json").write_text(json.dumps({"results": results}))
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    found = seconds_by_phase(tmp_path, BEGAN, BEGAN + timedelta(seconds=21))
    assert found == {
        "start": 7.0,
        "reference tables": 0.5,
        "landing": 4.0,
        "staging": 0.25,
        "facts": 3.0,
        "aggregates": 2.0,
        "quarantine": 1.5,
        "tests": 1.0,
        "publication": 0.5,
        "between steps": 1.25,
    }
    assert sum(found.values()) == 21
    assert phase_line(found).startswith("Seconds: 21.0 (start 7.0, reference tables 0.5, landing")


def test_a_run_without_a_step_is_all_start(tmp_path):
    (tmp_path / "run_results.json").write_text('{"results": []}')
    (tmp_path / "manifest.json").write_text('{"nodes": {}, "parent_map": {}}')
    found = seconds_by_phase(tmp_path, BEGAN, BEGAN + timedelta(seconds=2))
    assert phase_line(found) == "Seconds: 2.0 (start 2.0)"
