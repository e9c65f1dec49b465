#!/usr/bin/python3
"""The catalogue of metrics, docs/metrics.yaml: makes docs/metrics.md from it, and compares a service with it.

  catalogue.py page                              writes docs/metrics.md
  catalogue.py compare [--idle] SERVICE SOURCE   compares what a service exports (the address of its /metrics, or a file) in
                                                 both directions: names, types, help, labels; status 1 when they differ.
                                                 --idle: a process that knows no symbol yet, as a replica that is not fed
"""

import pathlib
import re
import sys
import urllib.request

import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "docs" / "metrics.yaml"
PAGE = ROOT / "docs" / "metrics.md"
SERVICES = ("gateway", "sequencer", "matching", "persistence", "market-data", "notifier")
# "server": any of them; "cluster": other services; "journal-standbys": the files of sequencers that stand by, which not
# every cluster has.
STANDBYS = "journal-standbys"
SERVERS = ("server", "redis", "redis-journal", "kafka", "rabbitmq", "postgres", "zookeeper", "cluster", STANDBYS)
TYPES = ("counter", "gauge", "histogram")
UNITS = ("seconds", "bytes", "ratio", "sequence", "count", "bool", "unit of the asset")
FIELDS = {"name", "type", "unit", "services", "help", "meaning"}
OPTIONAL = {"labels", "only_with", "when"}


def load(path=CATALOGUE):
    return yaml.safe_load(pathlib.Path(path).read_text())


def metrics_of(catalogue):
    return [metric for group in catalogue["groups"] for metric in group["metrics"]]


def exported_by(metric, service):
    """Whether this service must export it; the standalone runs all of them in one process, without any server."""
    if service == "standalone":
        return "only_with" not in metric
    return metric["services"] == "all" or service in metric["services"]


def flaws(catalogue):
    """What is wrong with the catalogue itself."""
    names = set()
    for metric in metrics_of(catalogue):
        name = metric.get("name", "?")
        fields = set(metric)
        for field in sorted(FIELDS - fields):
            yield f"{name}: no {field}"
        for field in sorted(fields - FIELDS - OPTIONAL):
            yield f"{name}: unknown field {field}"
        if FIELDS - fields:
            continue
        if name in names:
            yield f"{name}: twice"
        names.add(name)
        if metric["type"] not in TYPES:
            yield f"{name}: unknown type {metric['type']}"
        if metric["unit"] not in UNITS:
            yield f"{name}: unknown unit {metric['unit']}"
        if (metric["type"] == "counter") != name.endswith("_total"):
            yield f"{name}: counters, and nothing else, end in _total"
        suffix = re.search(r"_(seconds|bytes|ratio)(_total)?$", name)
        if metric["unit"] in ("seconds", "bytes", "ratio") and (not suffix or suffix[1] != metric["unit"]):
            yield f"{name}: its name does not end in its unit, {metric['unit']}"
        if metric["services"] != "all":
            for service in metric["services"]:
                if service not in SERVICES:
                    yield f"{name}: unknown service {service}"
        if metric.get("only_with", SERVERS[0]) not in SERVERS:
            yield f"{name}: unknown server {metric['only_with']}"
        if metric.get("when", "symbols") != "symbols":
            yield f"{name}: unknown condition {metric['when']}"


def families(text):
    """name -> (type, help, [labels of each series])"""
    found = {}
    for family in text_string_to_metric_families(text):
        name = family.name + "_total" if family.type == "counter" else family.name
        series = [{label: value for label, value in sample.labels.items() if label != "le"} for sample in family.samples]
        found[name] = (family.type, family.documentation, series)
    return found


def differences(catalogue, service, text, idle=False):
    exported = families(text)
    expected = {metric["name"]: metric for metric in metrics_of(catalogue) if exported_by(metric, service)}
    later = {name for name, metric in expected.items()
             if metric.get("only_with") == STANDBYS or (idle and "when" in metric)}
    for name in sorted(expected.keys() - exported.keys() - later):
        yield f"{service}: {name} is in the catalogue and not exported"
    for name in sorted(exported.keys() - expected.keys()):
        yield f"{service}: {name} is exported and not in the catalogue"
    for name in sorted(expected.keys() & exported.keys()):
        metric, (kind, text_of_help, series) = expected[name], exported[name]
        if kind != metric["type"]:
            yield f"{service}: {name} is a {kind}, in the catalogue a {metric['type']}"
        if text_of_help != metric["help"]:
            yield f"{service}: the help of {name} is '{text_of_help}', in the catalogue '{metric['help']}'"
        yield from sorted({f"{service}: {name}{problem}" for labels in series
                           for problem in label_problems(metric.get("labels", {}), labels)})


def label_problems(expected, labels):
    if labels.keys() != expected.keys():
        yield f" has the labels {sorted(labels)}, in the catalogue {sorted(expected)}"
        return
    for label, values in expected.items():
        if isinstance(values, list) and labels[label] not in values:
            yield f'{{{label}="{labels[label]}"}} is not in the catalogue'


def page(catalogue):
    lines = ["# Metrics", "", *catalogue["intro"].strip().split("\n"), ""]
    for group in catalogue["groups"]:
        lines += [f"## {group['title']}", ""]
        if "text" in group:
            lines += [*group["text"].strip().split("\n"), ""]
        lines += ["| name | type, unit | labels | services | meaning |", "|---|---|---|---|---|"]
        lines += [row(metric) for metric in group["metrics"]] + [""]
    return "\n".join(lines).rstrip() + "\n"


def row(metric):
    services = "all" if metric["services"] == "all" else ", ".join(metric["services"])
    if "only_with" in metric:
        services += f" (with {metric['only_with']})"
    labels = "; ".join(label_text(label, values) for label, values in metric.get("labels", {}).items())
    meaning = f"{metric['help']} {metric['meaning']}"
    return f"| `{metric['name']}` | {metric['type']}, {metric['unit']} | {labels} | {services} | {meaning} |"


def label_text(label, values):
    text = ", ".join(f"`{value}`" for value in values) if isinstance(values, list) else values
    return f"`{label}`: {text}"


def read(source):
    if source.startswith("http://"):
        with urllib.request.urlopen(source, timeout=30) as answer:
            return answer.read().decode()
    return pathlib.Path(source).read_text()


def main(arguments):
    if arguments == ["page"]:
        PAGE.write_text(page(load()))
        return 0
    if arguments[:1] == ["compare"] and len(arguments) - ("--idle" in arguments) == 3:
        service, source = (argument for argument in arguments[1:] if argument != "--idle")
        problems = list(differences(load(), service, read(source), "--idle" in arguments))
        print("\n".join(problems) if problems else f"{service}: as in the catalogue")
        return 1 if problems else 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
