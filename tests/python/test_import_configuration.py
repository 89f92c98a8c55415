"""`reelhouse import configuration`: rows of reference tables, and what cannot be expressed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from reelhouse.importers.configuration import read, write

V2 = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: catalog-hpa}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: catalog}
  minReplicas: 3
  maxReplicas: 40
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 65}}}
    - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 1Gi}}}
    - {type: External, external: {metric: {name: queue}, target: {type: Value, value: 30}}}
  behavior:
    scaleUp: {stabilizationWindowSeconds: 30, selectPolicy: Min,
      policies: [{type: Pods, value: 2, periodSeconds: 60}]}
---
apiVersion: v1
kind: Service
metadata: {name: catalog}
"""
V1 = """
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: play}
spec: {scaleTargetRef: {kind: Deployment, name: play}, maxReplicas: 10}
"""
NGINX = """
http {
    limit_req_zone $binary_remote_addr zone=api:10m rate=30r/m;  # half a request
    limit_req_zone $http_x_key zone=keys:1m rate=5r/s;
    upstream app {
        server 10.0.0.1:80 max_fails=3 fail_timeout=1m;
        server 10.0.0.2 max_fails=3 fail_timeout=60s;
    }
    server {
        location = /play { limit_req zone=api burst=20 nodelay; }
        location /search { limit_req zone=api burst=5 delay=2; limit_req_status 429; }
        location ~ ^/x { limit_req zone=keys; }
        location / { limit_req zone=keys; }
        server_name "play.example.com" www.example.com;
    }
}
"""


def imported(folder: Path, text: str):
    file = folder / "given"
    file.write_text(text)
    found = read([file])
    return found, [remark.removeprefix(f"{file}: ") for remark in found.remarks]


def test_an_autoscaler_of_version_2(tmp_path):
    found, remarks = imported(tmp_path, V2)
    (policy,) = found.rows["autoscaling_policies"]
    assert {name: value for name, value in policy.items() if value is not None} == {
        "service_name": "catalog",
        "cpu_target_percent": 65,
        "min_replicas": 3,
        "max_replicas": 40,
        "scale_up_window_seconds": 30,
        "scale_up_select": "Min",
        "pod_start_seconds": 120,
    }
    assert [tuple(rate.values())[1:] for rate in found.rows["autoscaling_rates"]] == [
        ("up", "Pods", 2, 60),
    ]
    assert [remark.split(";")[0] for remark in remarks] == [
        "catalog: the metric memory (AverageValue) cannot be expressed",
        "catalog: the metric External (External) cannot be expressed",
        "catalog: pod_start_seconds is not in the manifest",
        "Service is no HorizontalPodAutoscaler",
    ]


def test_an_autoscaler_of_version_1_has_no_behavior(tmp_path):
    """No rate says so, as `int_autoscaling_policies__completed` reads it."""
    found, _ = imported(tmp_path, V1)
    (policy,) = found.rows["autoscaling_policies"]
    assert (policy["cpu_target_percent"], policy["min_replicas"], policy["max_replicas"]) == (
        *(80, 1, 10),
    )
    assert "autoscaling_rates" not in found.rows


def test_a_behavior_without_policies_is_marked_by_one_default_rate(tmp_path):
    policies = ",\n      policies: [{type: Pods, value: 2, periodSeconds: 60}]"
    found, _ = imported(tmp_path, V2.replace(policies, ""))
    assert [tuple(rate.values())[1:] for rate in found.rows["autoscaling_rates"]] == [
        ("down", "Percent", 100, 15)
    ]
    found, _ = imported(tmp_path, V1.replace("maxReplicas: 10", "maxReplicas: 10, behavior: {}"))
    assert len(found.rows["autoscaling_rates"]) == 1


def test_rate_limits_of_nginx(tmp_path):
    found, remarks = imported(tmp_path, NGINX)
    assert [tuple(row.values()) for row in found.rows["rate_limit_zones"]] == [
        ("api", "play.example.com", "/play", 0.5, 20, None),
        ("api-2", "play.example.com", "/search", 0.5, 5, 2),
        ("keys", "play.example.com", "*", 5, 0, 0),
    ]
    assert found.variables == {"upstream_max_fails": 3, "upstream_fail_timeout_seconds": 60}
    assert remarks == [
        "zone keys counts by $http_x_key; the what-if counts by client_key",
        "limit_req_status 429 cannot be expressed",
        "location /search is a prefix, a row limits one endpoint: add a row for each",
        "`limit_req zone=keys` in location ~ ^/x: a pattern cannot be expressed",
    ]


ENVOY = """
static_resources:
  listeners:
    - filter_chains:
        - filters:
            - typed_config:
                stat_prefix: http_local_rate_limiter
                token_bucket: {max_tokens: 100, tokens_per_fill: 50, fill_interval: 10s}
                route_config:
                  virtual_hosts:
                    - routes:
                        - match: {prefix: /search}
                          typed_per_filter_config:
                            envoy.filters.http.local_ratelimit:
                              stat_prefix: search
                              token_bucket: {max_tokens: 5, fill_interval: 500ms}
  clusters:
    - name: app
      outlier_detection: {consecutive_5xx: 3}
      circuit_breakers: {thresholds: [{max_connections: 100}]}
"""


def test_limits_of_envoy(tmp_path):
    found, remarks = imported(tmp_path, ENVOY)
    assert [tuple(row.values()) for row in found.rows["rate_limit_zones"]] == [
        ("http_local_rate_limiter", "*", "*", 5, 99, None),
        ("search", "*", "/search", 2, 4, None),
    ]
    assert found.variables == {"upstream_max_fails": 3, "upstream_fail_timeout_seconds": 30}
    assert [remark.split(";")[0] for remark in remarks] == [
        "http_local_rate_limiter: the bucket of Envoy counts all clients of one proxy",
        "search: the bucket of Envoy counts all clients of one proxy",
        "app: circuit_breakers limit connections, which no feed has",
        "Envoy ejects longer each time",
    ]


HAPROXY = """
frontend www
    bind :80
    stick-table type ip size 100k expire 30s store http_req_rate(10s)
    http-request track-sc0 src
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 20 }  # per client
    default_backend app
backend app
    server a 10.0.0.1:80 check inter 5s observe layer7 error-limit 4 on-error mark-down
    server b 10.0.0.2:80 check inter 5s observe layer7 error-limit 4 on-error mark-down maxconn 50
"""


def test_limits_of_haproxy(tmp_path):
    found, remarks = imported(tmp_path, HAPROXY)
    assert [tuple(row.values()) for row in found.rows["rate_limit_zones"]] == [
        ("www", "*", "*", 2, 19, None)
    ]
    assert found.variables == {"upstream_max_fails": 4, "upstream_fail_timeout_seconds": 5}
    assert remarks == [
        "www: HAProxy counts the requests of the last 10 s; the what-if lets a client be as many"
        " ahead of the same rate",
        "app: maxconn limits connections, which no feed has",
    ]


def test_servers_that_differ_set_no_variable(tmp_path):
    found, remarks = imported(tmp_path, HAPROXY.replace("error-limit 4", "error-limit 9", 1))
    assert not found.variables
    assert "servers differ in error-limit or inter; the what-if has one for all" in remarks


def test_memory_of_redis(tmp_path):
    found, remarks = imported(tmp_path, "maxmemory 100mb\nmaxmemory-policy volatile-ttl\n")
    assert not found.rows and not found.variables
    assert [remark.split(";")[0] for remark in remarks] == [
        "maxmemory is 104857600 bytes",
        "maxmemory-policy volatile-ttl cannot be expressed",
    ]


def test_tables_are_written_with_the_columns_of_the_reference_tables(tmp_path, capsys):
    found, _ = imported(tmp_path, V2)
    write(found, tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out" / "autoscaling_policies.csv").open()))
    assert rows[0]["cpu_target_percent"] == "65" and rows[0]["memory_target_percent"] == ""
    write(found, None)
    assert "catalog,up,Pods,2,60\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a line\n", "is no configuration of Kubernetes, nginx, Envoy, HAProxy or Redis"),
        ("clusters: [", "is not YAML: "),
        ("kind: [", "is not YAML: "),
        (V1.replace("maxReplicas: 10", ""), "needs spec.scaleTargetRef.name and maxReplicas"),
        ("server { limit_req zone=x; }", "names a zone without a limit_req_zone"),
    ],
)
def test_what_cannot_be_read_is_an_error(text, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        imported(tmp_path, text)
