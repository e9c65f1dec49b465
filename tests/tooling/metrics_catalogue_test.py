#!/usr/bin/python3
"""The catalogue of metrics is well-formed, docs/metrics.md is made from it, and what compares services with it finds every
kind of difference."""

import copy
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "metrics"))
import catalogue as tool  # noqa: E402

SMALL = {"intro": "All of them.", "groups": [{"title": "Some", "metrics": [
    {"name": "a_total", "type": "counter", "unit": "count", "labels": {"op": ["new", "cancel"]},
     "services": ["gateway"], "help": "Things.", "meaning": "Few are good."},
    {"name": "b_seconds", "type": "histogram", "unit": "seconds", "services": "all", "help": "Time.", "meaning": "Short."},
    {"name": "c", "type": "gauge", "unit": "bool", "services": ["gateway"], "only_with": "redis", "help": "Up.",
     "meaning": "Good."},
    {"name": "d", "type": "gauge", "unit": "count", "labels": {"symbol": "the symbol"}, "services": ["gateway"],
     "when": "symbols", "help": "Depth.", "meaning": "Deep."}]}]}
A = '# HELP a_total Things.\n# TYPE a_total counter\na_total{op="new"} 1\na_total{op="cancel"} 0\n'
B = ('# HELP b_seconds Time.\n# TYPE b_seconds histogram\nb_seconds_bucket{le="1"} 1\nb_seconds_bucket{le="+Inf"} 1\n'
     'b_seconds_sum 0.5\nb_seconds_count 1\n')
C = "# HELP c Up.\n# TYPE c gauge\nc 1\n"
D = '# HELP d Depth.\n# TYPE d gauge\nd{symbol="BTC-KRW"} 3\n'


def compare(text, service="gateway", idle=False):
    return list(tool.differences(SMALL, service, text, idle))


class CatalogueTest(unittest.TestCase):
    def test_is_well_formed(self):
        self.assertEqual(list(tool.flaws(tool.load())), [])

    def test_the_page_is_made_from_it(self):
        self.assertEqual(tool.PAGE.read_text(), tool.page(tool.load()), "run tools/metrics/catalogue.py page")

    def test_flaws_are_found(self):
        for change, flaw in [
                ({"type": "summary"}, "unknown type summary"), ({"unit": "ms"}, "unknown unit ms"),
                ({"unit": "bytes"}, "does not end in its unit"), ({"name": "b_seconds"}, "twice"),
                ({"name": "a"}, "counters, and nothing else, end in _total"), ({"services": ["edge"]}, "unknown service"),
                ({"only_with": "mysql"}, "unknown server"), ({"when": "later"}, "unknown condition"),
                ({"labels_": {}}, "unknown field labels_")]:
            broken = copy.deepcopy(SMALL)
            broken["groups"][0]["metrics"].append({**broken["groups"][0]["metrics"][0], "name": "e_total", **change})
            self.assertIn(flaw, "\n".join(tool.flaws(broken)), change)
        broken = copy.deepcopy(SMALL)
        del broken["groups"][0]["metrics"][0]["help"]
        self.assertEqual(list(tool.flaws(broken)), ["a_total: no help"])
        self.assertEqual(list(tool.flaws(SMALL)), [])


class CompareTest(unittest.TestCase):
    def test_what_agrees_agrees(self):
        self.assertEqual(compare(A + B + C + D), [])

    def test_the_standalone_has_no_servers(self):
        self.assertEqual(compare(A + B + D, "standalone"), [])

    def test_a_service_has_its_own(self):
        self.assertEqual(compare(B, "matching"), [])
        self.assertEqual(compare(A + B, "matching"), ["matching: a_total is exported and not in the catalogue"])

    def test_a_missing_metric(self):
        self.assertEqual(compare(A + B + D), ["gateway: c is in the catalogue and not exported"])

    def test_an_idle_process_lacks_what_belongs_to_symbols_and_nothing_else(self):
        self.assertEqual(compare(A + B + C, idle=True), [])
        self.assertEqual(len(compare(A + B, idle=True)), 1)
        self.assertEqual(len(compare(A + B + C)), 1)

    def test_what_belongs_to_standbys_files_may_be_missing_and_is_compared_where_it_is(self):
        with_standbys = copy.deepcopy(SMALL)
        with_standbys["groups"][0]["metrics"].append(
            {"name": "s", "type": "gauge", "unit": "bool", "labels": {"standby": "its address"}, "services": ["gateway"],
             "only_with": "journal-standbys", "help": "In sync.", "meaning": "Good."})
        self.assertEqual(list(tool.flaws(with_standbys)), [])
        text = A + B + C + D
        self.assertEqual(list(tool.differences(with_standbys, "gateway", text)), [])
        series = '# HELP s In sync.\n# TYPE s gauge\ns{standby="a:1"} 1\n'
        self.assertEqual(list(tool.differences(with_standbys, "gateway", text + series)), [])
        self.assertEqual(list(tool.differences(with_standbys, "gateway", text + series.replace("standby=", "copy="))),
                         ["gateway: s has the labels ['copy'], in the catalogue ['standby']"])

    def test_another_type_or_help(self):
        self.assertEqual(compare(A + B + C.replace("gauge", "untyped") + D),
                         ["gateway: c is a unknown, in the catalogue a gauge"])
        self.assertEqual(compare(A + B + C.replace("Up.", "Down.") + D),
                         ["gateway: the help of c is 'Down.', in the catalogue 'Up.'"])

    def test_other_labels_or_values(self):
        self.assertEqual(compare(A.replace('op="new"', 'kind="new"') + B + C + D),
                         ["gateway: a_total has the labels ['kind'], in the catalogue ['op']"])
        self.assertEqual(compare(A.replace("cancel", "amend") + B + C + D),
                         ['gateway: a_total{op="amend"} is not in the catalogue'])


if __name__ == "__main__":
    unittest.main()
