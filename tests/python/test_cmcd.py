"""Common Media Client Data: the SQL parser against the decoder that players are built on."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
from rendered import Renderer

PACKAGE = "@svta/cml-cmcd@2.7.0"
HEADERS = ("CMCD-Object", "CMCD-Request", "CMCD-Session", "CMCD-Status")
V1 = (
    'bl=21300,br=3200,bs,cid="faec5fc2",d=4004,dl=18500,mtp=48100,nor="..%2F300kbps%2Ftrack.m4v",'
    'nrr="12323-48763",ot=v,pr=1.08,rtp=12000,sf=d,sid="6e2fb550",st=v,su,tb=6000'
)
V2 = (
    'bg,bl=(2100;v 1800;a),br=(3000;v 164;a),bsa=(3;v),bsd=(1200;v 100;a),cid="c1",dfa=32,'
    'ec=("2001" "b"),ltc=13500,msd=1700,nor=("next.mp4";r="0-99" "b.mp4"),pr=1.1,sid="s1",sn=0,'
    "st=ll,sta=p,ts=1764752400000,v=2"
)
# A dictionary, its keys, and the reason for each key that does not count; None: malformed.
DICTIONARIES = [
    ("", {}, {}),
    ("bs", {"bs": True}, {}),
    ("bs=?0,su=?1", {"bs": False, "su": True}, {}),
    (" br=1000 ,\tsu ", {"br": 1000, "su": True}, {}),
    ("br=1,br=2", {"br": 2}, {}),
    ("br=007", {"br": 7}, {}),
    ('cid="a,b=\\"c\\"",su', {"cid": 'a,b="c"', "su": True}, {}),
    ("br=(5;v 6)", {"br": [{"value": 5, "params": {"v": True}}, 6]}, {"br": "not_a_number"}),
    ("br=(5 6),v=2", {"br": [5, 6], "v": 2}, {}),
    ("br=5,v=2", {"br": 5, "v": 2}, {"br": "not_a_list"}),
    ("d=1.5", {"d": 1.5}, {"d": "not_whole"}),
    ("bs=1", {"bs": 1}, {"bs": "not_a_boolean"}),
    ("ot=zz,sf=1", {"ot": "zz", "sf": 1}, {"ot": "unknown_token", "sf": "not_a_token"}),
    (f'sid="{"x" * 65}"', {"sid": "x" * 65}, {"sid": "too_long"}),
    ("st=v;a", {"st": {"value": "v", "params": {"a": True}}}, {}),
    ("sid=1", {"sid": 1}, {"sid": "not_a_text"}),
    ("xyz=1,msd=5", {"xyz": 1, "msd": 5}, {"xyz": "unknown_key", "msd": "unknown_key"}),
    ("v=3", {"v": 3}, {"v": "unknown_version"}),
    ('com.a-b="x",com.a-c=5', {"com.a-b": "x", "com.a-c": 5}, {"com.a-c": "not_a_text"}),
    ('{"br": 3200, "su": true}', {"br": 3200, "su": True}, {}),
    ("br=1,", None, {}),
    ("br=1,,su", None, {}),
    ("BR=1", None, {}),
    ('cid="open', None, {}),
    ("br=1000000000000000", None, {}),
    ("br=(1", None, {}),
    ("br=1.2345", None, {}),
    ("{br: 1}", None, {}),
    ("[1]", None, {}),
]
KEYS = [
    "ab",
    "bg",
    "bl",
    "br",
    "bs",
    "bsa",
    "bsd",
    "bsda",
    "cdn",
    "cen",
    "cid",
    "cmsdd",
    "cmsds",
    "cs",
    "d",
    "dfa",
    "dl",
    "e",
    "ec",
    "h",
    "lab",
    "lb",
    "ltc",
    "msd",
    "mtp",
    "nor",
    "nr",
    "nrr",
    "ot",
    "pb",
    "pr",
    "pt",
    "rc",
    "rtp",
    "sf",
    "sid",
    "smrt",
    "sn",
    "st",
    "sta",
    "su",
    "tab",
    "tb",
    "tbl",
    "tpb",
    "ts",
    "ttfb",
    "ttfbb",
    "ttlb",
    "url",
    "v",
    "com.example-key",
    "x",
    "*z",
    "a_b",
]
VALUES = [
    r"0",
    r"7",
    r"-5",
    r"-0",
    r"007",
    r"6000",
    r"999999999999999",
    r"1000000000000000",
    r"1.5",
    r"-1.250",
    r"1.2345",
    r"123456789012.1",
    r"1234567890123.1",
    r"1.",
    r"00.5",
    r"?0",
    r"?1",
    r"?2",
    r'""',
    r'"a\"b"',
    r'"a\\"',
    r'"a\n"',
    r'"open',
    r'"é"',
    r"true",
    r"v",
    r"ll",
    r"av",
    r"bc",
    r"tt",
    r"*t",
    r"a/b:c",
    r"tok!en",
]
VALUES += ['"a b, c=(d);e"', '"tab\t"', f'"{"y" * 70}"', "2"]
PARAMETERS = [";v", ";a", "; av", ';r="0-99"', ";x=1", ";T", ";x=?0"]


class Parser:
    """The macros over a table of texts."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        macros = Renderer().environment.globals
        self.query = f"""
            select keys, problems, {macros["cmcd_fields"]("keys", "problems")} as fields
            from (
                select *, {macros["cmcd_problems"]("keys")} as problems
                from (
                    select *, {macros["dictionary_json"]("text")} as keys
                    from (select number, {macros["cmcd_text"]("delivered")} as text from reports)
                )
            )
            order by number
        """

    def parse(self, texts: list[str]) -> list[tuple]:
        """Return keys, problems and typed fields of each text."""
        self.connection.execute(
            "create or replace table reports (number integer, delivered varchar)"
        )
        self.connection.executemany("insert into reports values (?, ?)", list(enumerate(texts)))
        return [
            (keys and json.loads(keys), problems or {}, fields)
            for keys, problems, fields in self.connection.execute(self.query).fetchall()
        ]


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser()


@pytest.fixture(scope="module")
def oracle(tmp_path_factory):
    """Decode [{kind, value}] with the package of the Streaming Video Technology Alliance."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} on this machine: `make services` installs it")
    folder = tmp_path_factory.mktemp("npm")
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", PACKAGE]
    try:
        installed = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm does not get {PACKAGE}: no answer in a minute")
    if installed.returncode:
        pytest.skip(f"npm does not get {PACKAGE}: {installed.stderr.strip().splitlines()[-1]}")
    module = folder / "node_modules" / "@svta" / "cml-cmcd" / "dist" / "index.js"
    script = Path(__file__).parent / "cmcd_oracle.mjs"

    def decode(cases: list[dict]) -> list[dict]:
        done = subprocess.run(
            ["node", str(script), str(module)],
            input=json.dumps(cases),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return json.loads(done.stdout)

    return decode


@pytest.mark.parametrize(("text", "keys", "problems"), DICTIONARIES)
def test_a_dictionary(text, keys, problems, parser):
    ((found, reasons, _),) = parser.parse([text])
    assert (found, reasons) == (keys, problems)


def test_every_key_is_typed_with_its_unit(parser):
    (_, wrong_1, first), (_, wrong_2, second) = parser.parse([V1, V2])
    assert wrong_1 == wrong_2 == {}
    assert {name: value for name, value in first.items() if value is not None} == {
        "buffer_length_ms": 21300,
        "bitrate_kbps": 3200,
        "is_buffer_starved": True,
        "content_id": "faec5fc2",
        "object_duration_ms": 4004,
        "deadline_ms": 18500,
        "measured_throughput_kbps": 48100,
        "next_objects": ["..%2F300kbps%2Ftrack.m4v"],
        "next_range": "12323-48763",
        "object_type": "v",
        "playback_rate": 1.08,
        "requested_throughput_kbps": 12000,
        "streaming_format": "d",
        "session_id": "6e2fb550",
        "stream_type": "v",
        "is_startup": True,
        "top_bitrate_kbps": 6000,
    }
    assert {name: value for name, value in second.items() if value is not None} == {
        "is_backgrounded": True,
        "buffer_length_ms": 2100,
        "bitrate_kbps": 3000,
        "buffer_starvation_count": 3,
        "buffer_starvation_ms": 1200,
        "content_id": "c1",
        "dropped_frames_count": 32,
        "error_codes": ["2001", "b"],
        "live_latency_ms": 13500,
        "media_start_delay_ms": 1700,
        "next_objects": ["next.mp4", "b.mp4"],
        "playback_rate": 1.1,
        "session_id": "s1",
        "sequence_number": 0,
        "stream_type": "ll",
        "player_state": "p",
        "reported_at": datetime(2025, 12, 3, 9),
        "version": 2,
    }


def test_a_key_that_does_not_count_has_no_value(parser):
    ((keys, problems, fields),) = parser.parse(['br="fast",bl=2000'])
    assert (keys["br"], problems) == ("fast", {"br": "not_a_number"})
    assert (fields["bitrate_kbps"], fields["buffer_length_ms"]) == (None, 2000)


def some_dictionary(source: random.Random) -> str:
    def item() -> str:
        parameters = "".join(source.choices(PARAMETERS, k=source.choice([0, 0, 0, 1, 2])))
        return source.choice(VALUES) + parameters

    def member() -> str:
        key, kind = source.choice(KEYS), source.random()
        if kind < 0.2:
            return key + source.choice(["", "", ";v"])
        if kind < 0.5:
            items = source.choice([" ", "  "]).join(item() for _ in range(source.randrange(4)))
            return f"{key}=({items}){source.choice(['', '', ';v'])}"
        return f"{key}={item()}"

    text = source.choice([",", ",", ", ", " ,\t"]).join(
        member() for _ in range(source.randrange(1, 6))
    )
    if source.random() < 0.2:
        place = source.randrange(len(text) + 1)
        text = text[:place] + source.choice(',=;() "\\A1') + text[place:]
    return text


def some_cases(count: int) -> list[dict]:
    source = random.Random(count)
    cases = [{"kind": "text", "value": text} for text, *_ in DICTIONARIES if text[:1] != "{"]
    cases += [{"kind": "json", "value": text} for text, *_ in DICTIONARIES if text[:2] == '{"']
    for text in (V1, V2, *(some_dictionary(source) for _ in range(count))):
        members = text.split(",")
        # Header by header, as a log has them; cut at commas, also within texts.
        headers = {name: ",".join(members[i::4]) for i, name in enumerate(HEADERS)}
        cases += [
            {"kind": "text", "value": text},
            {"kind": "query", "value": f"a=1&CMCD={quote(text, safe='')}&b=2"},
            {"kind": "headers", "value": headers},
        ]
    return cases


def delivered(case: dict) -> str:
    if case["kind"] != "headers":
        return case["value"]
    return ",".join(case["value"][name] for name in HEADERS if case["value"][name])


@pytest.mark.parametrize(
    "count", [200, pytest.param(3000, marks=pytest.mark.slow)], ids=lambda count: f"{count}"
)
def test_strings_are_read_as_the_decoder_of_players_reads_them(count, parser, oracle):
    cases = some_cases(count)
    found = parser.parse([delivered(case) for case in cases])
    wanted = oracle(cases)
    differing = [
        (delivered(case), expected, keys, problems)
        for case, expected, (keys, problems, _) in zip(cases, wanted, found, strict=True)
        if (expected["keys"], expected["wrong"]) != (keys, sorted(problems))
        # Two headers that are malformed alone can be one dictionary together.
        and not (case["kind"] == "headers" and expected["keys"] is None)
    ]
    assert differing == []
    valid = sum(expected["keys"] is not None for expected in wanted)
    assert 0.2 * len(cases) < valid < 0.95 * len(cases)
