"""Configuration of other systems as rows of the reference tables that the what-ifs read.

    reelhouse import configuration hpa.yaml nginx.conf [--out FOLDER]

A HorizontalPodAutoscaler (autoscaling/v1 and v2) becomes rows of autoscaling_policies and
autoscaling_rates. Rate limits of nginx, Envoy and HAProxy become rows of rate_limit_zones, and how
often a server may fail until it is left out becomes variables. What the what-ifs cannot express is
said, line by line.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import yaml

from reelhouse.importers.imported import SECONDS, Imported, seconds
from reelhouse.importers.proxies import HAPROXY_SECTION, read_envoy, read_haproxy, read_redis
from reelhouse.paths import REFERENCE

NGINX_TOKEN = re.compile(r"""#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[{};]|[^\s{};]+""")
# Kubernetes' default, which marks a `behavior` without any policy as one.
DOWN_RATE = {"type": "Percent", "value": 100, "periodSeconds": 15}


def read(files: list[Path]) -> Imported:
    """Return what files of configuration say.

    Raises:
        ValueError: a file is of none of the systems that this knows, or is damaged.
    """
    found = Imported()
    for file in files:
        text = file.read_text(encoding="utf-8")
        if re.search(r"^\s*kind:\s*\S", text, re.MULTILINE):
            _read_manifests(file, text, found)
        elif re.search(r"^\s*\"?(static_resources|clusters|resources)\"?\s*:", text, re.MULTILINE):
            read_envoy(file, _documents(file, text)[0], found)
        elif re.search(r"^\s*maxmemory(-policy)?\s", text, re.MULTILINE):
            read_redis(file, text, found)
        elif any(HAPROXY_SECTION.fullmatch(line.strip()) for line in text.splitlines()):
            read_haproxy(file, text, found)
        elif re.search(r"\b(limit_req_zone|limit_req|upstream|server)\b[^;{]*[;{]", text):
            _read_nginx(file, text, found)
        else:
            raise ValueError(
                f"{file} is no configuration of Kubernetes, nginx, Envoy, HAProxy or Redis"
            )
    return found


def _documents(file: Path, text: str) -> list:
    try:
        return list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is not YAML: {str(error).splitlines()[0]}") from None


def _read_manifests(file: Path, text: str, found: Imported) -> None:
    for document in _documents(file, text):
        kind = document.get("kind") if isinstance(document, dict) else None
        items = document.get("items", []) if kind == "List" else [document]
        for item in items:
            if isinstance(item, dict) and item.get("kind") == "HorizontalPodAutoscaler":
                _read_autoscaler(file, item, found)
            elif item:
                found.remarks.append(f"{file}: {item.get('kind')} is no HorizontalPodAutoscaler")


def _read_autoscaler(file: Path, manifest: dict, found: Imported) -> None:
    spec = manifest.get("spec") or {}
    service = (spec.get("scaleTargetRef") or {}).get("name")
    if not service or "maxReplicas" not in spec:
        raise ValueError(f"{file}: an autoscaler needs spec.scaleTargetRef.name and maxReplicas")
    targets = {"cpu": spec.get("targetCPUUtilizationPercentage")}
    for metric in spec.get("metrics") or []:
        resource = metric.get("resource") or {}
        target = resource.get("target") or {}
        if metric.get("type") == "Resource" and target.get("type") == "Utilization":
            targets[resource["name"]] = target["averageUtilization"]
        else:
            name = resource.get("name") or metric.get("type")
            wanted = target.get("type") or metric.get("type")
            found.remarks.append(
                f"{file}: {service}: the metric {name} ({wanted}) cannot be expressed;"
                " the what-if knows the utilization of cpu and memory"
            )
    if not spec.get("metrics") and targets["cpu"] is None:
        targets["cpu"] = 80  # Kubernetes' default
    behavior = spec.get("behavior") or {}
    up, down = behavior.get("scaleUp") or {}, behavior.get("scaleDown") or {}
    found.add(
        "autoscaling_policies",
        service_name=service,
        cpu_target_percent=targets.get("cpu"),
        memory_target_percent=targets.get("memory"),
        min_replicas=spec.get("minReplicas", 1),
        max_replicas=spec["maxReplicas"],
        scale_up_tolerance=up.get("tolerance"),
        scale_down_tolerance=down.get("tolerance"),
        scale_up_window_seconds=up.get("stabilizationWindowSeconds"),
        scale_down_window_seconds=down.get("stabilizationWindowSeconds"),
        scale_up_select=up.get("selectPolicy"),
        scale_down_select=down.get("selectPolicy"),
        pod_start_seconds=120,
    )
    found.remarks.append(
        f"{file}: {service}: pod_start_seconds is not in the manifest; 120 is a guess, measure it"
    )
    rates = {"up": up.get("policies") or [], "down": down.get("policies") or []}
    # Without a row the what-if takes the manifest for one without `behavior`.
    if spec.get("behavior") is not None and not any(rates.values()):
        rates["down"] = [DOWN_RATE]
    for direction, policies in rates.items():
        for policy in policies:
            found.add(
                "autoscaling_rates",
                service_name=service,
                direction=direction,
                policy_type=policy["type"],
                value=policy["value"],
                period_seconds=policy["periodSeconds"],
            )


def _read_nginx(file: Path, text: str, found: Imported) -> None:
    zones: dict[str, float] = {}
    servers: set[tuple[int, float]] = set()
    uses: list[tuple[dict, dict, str]] = []
    for above, words in _directives(text):
        name, arguments = words[0], _arguments(words[1:])
        if name == "limit_req_zone":
            zone = arguments.get("zone", "").partition(":")[0]
            amount, unit = re.fullmatch(r"(\d+)r/([sm])", arguments.get("rate", "")).groups()
            zones[zone] = int(amount) / SECONDS[unit]
            if words[1] not in ("$binary_remote_addr", "$remote_addr"):
                found.remarks.append(
                    f"{file}: zone {zone} counts by {words[1]}; the what-if counts by client_key"
                )
        elif name == "limit_req":
            uses.append((arguments, above, " ".join(words)))
        elif name == "server" and "upstream" in above:
            timeout_seconds = seconds(arguments.get("fail_timeout", "10s"))
            servers.add((int(arguments.get("max_fails", "1")), timeout_seconds))
        elif name in ("limit_req_status", "limit_req_dry_run", "limit_conn"):
            found.remarks.append(f"{file}: {' '.join(words)} cannot be expressed")
    for arguments, above, line in uses:
        _add_limit(file, arguments, above, line, zones, found)
    found.set_health_checks(file, servers, "servers differ in max_fails or fail_timeout")


def _add_limit(
    file: Path, arguments: dict, above: dict, line: str, zones: dict, found: Imported
) -> None:
    zone, location = arguments.get("zone", ""), above.get("location", ["/"])
    if zone not in zones:
        raise ValueError(f"{file}: `{line}` names a zone without a limit_req_zone")
    path = location[-1]
    if location[0] in ("~", "~*"):
        found.remarks.append(
            f"{file}: `{line}` in location {' '.join(location)}: a pattern cannot be expressed"
        )
        return
    if location[0] != "=" and path != "/":
        found.remarks.append(
            f"{file}: location {path} is a prefix, a row limits one endpoint: add a row for each"
        )
    delay = 0 if "nodelay" not in arguments else None
    found.add_limit(
        zone,
        service_name=above.get("server_name", ["*"])[0],
        endpoint="*" if path == "/" else path,
        rate_per_second=zones[zone],
        burst=int(arguments.get("burst", "0")),
        delay=int(arguments["delay"]) if "delay" in arguments else delay,
    )


def _arguments(words: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _directives(text: str) -> list[tuple[dict, list[str]]]:
    """Return each directive with the blocks around it, by the name of the block."""
    found, blocks, words = [], [{}], []
    for token in NGINX_TOKEN.findall(text):
        if token.startswith("#"):
            continue
        if token == ";":
            if words and words[0] == "server_name":
                blocks[-1]["server_name"] = words[1:]
            elif words:
                found.append((blocks[-1], words))
            words = []
        elif token == "{":
            # A name that comes later in the block holds for what came before as well.
            blocks.append(_Block(blocks[-1], {words[0]: words[1:] or [""]} if words else {}))
            words = []
        elif token == "}":
            blocks.pop()
            words = []
        else:
            words.append(token.strip("\"'"))
    return found


class _Block(dict):
    """A block of the configuration; what it does not have, the one around it has."""

    def __init__(self, above: dict, own: dict) -> None:
        super().__init__(own)
        self.above = above

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.above

    def get(self, name: str, default: object = None) -> object:
        """Return the value here, else the one around."""
        return self[name] if super().__contains__(name) else self.above.get(name, default)


def write(found: Imported, out: Path | None) -> None:
    """Print rows as CSV, or write them to `<out>/<table>.csv`; remarks go to standard error."""
    for table, rows in found.rows.items():
        with (REFERENCE / f"{table}.csv").open(newline="") as file:
            columns = next(csv.reader(file))
        if out:
            out.mkdir(parents=True, exist_ok=True)
            with (out / f"{table}.csv").open("w", newline="") as file:
                _write_rows(file, columns, rows)
            print(f"{len(rows)} rows in {out / table}.csv")
        else:
            print(f"# seeds/reference/{table}.csv")
            _write_rows(sys.stdout, columns, rows)
    for name, value in found.variables.items():
        print(f"# variable {name}: {value:g}")
    for remark in found.remarks:
        print(remark, file=sys.stderr)


def _write_rows(file, columns: list[str], rows: list[dict]) -> None:
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
