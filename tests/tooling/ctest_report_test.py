#!/usr/bin/env python3
"""What `./dev test` counts: every way in which a test can fail to pass must end as a failure."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "dev"))
import ctest_report  # noqa: E402

PASSED = '<testcase name="A" classname="S" status="run" result="completed"/>'
FAILED = '<testcase name="B" classname="S" status="run" result="completed"><failure message="no"/></testcase>'
SKIPPED = '<testcase name="C" classname="S" status="run" result="skipped"><skipped message="no"/></testcase>'
DISABLED = '<testcase name="DISABLED_D" classname="S" status="notrun" result="suppressed"/>'


class CountTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.tests = []
        self.statuses = []

    def add(self, name, status, cases=None, gtest=True):
        labels = ["unit", "gtest"] if gtest else ["unit"]
        self.tests.append({"name": name, "properties": [{"name": "LABELS", "value": labels}]})
        if status:
            self.statuses.append(f'<testcase name="{name}" status="{status}"/>')
        if cases is not None:
            report = f'<testsuites><testsuite name="S">{cases}</testsuite></testsuites>'
            (self.folder / f"{name}.xml").write_text(report)

    def count(self):
        (self.folder / "listing.json").write_text(json.dumps({"tests": self.tests}))
        (self.folder / "junit.xml").write_text(f"<testsuite>{''.join(self.statuses)}</testsuite>")
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = ctest_report.count(self.folder / "listing.json", self.folder / "junit.xml", self.folder)
        return output.getvalue().splitlines()[-1], status

    def test_counts_cases_of_programs_and_one_for_a_script(self):
        self.add("a_test", "run", PASSED * 3)
        self.add("script", "run", gtest=False)
        self.assertEqual(self.count(), ("4 passed, 0 failed", 0))

    def test_a_failed_case_is_counted_once(self):
        self.add("a_test", "fail", PASSED + FAILED)
        self.assertEqual(self.count(), ("1 passed, 1 failed", 1))

    def test_a_crash_or_time_out_leaves_no_report_and_fails(self):
        self.add("a_test", "fail")
        self.add("b_test", "run", PASSED)
        self.assertEqual(self.count(), ("1 passed, 1 failed", 1))

    def test_a_program_that_exits_badly_after_its_cases_fails(self):
        self.add("a_test", "fail", PASSED)
        self.assertEqual(self.count(), ("1 passed, 1 failed", 1))

    def test_a_broken_report_fails(self):
        self.add("a_test", "run", "<testcase")
        self.assertEqual(self.count(), ("0 passed, 1 failed", 1))

    def test_skipped_and_disabled_cases_fail(self):
        self.add("a_test", "run", PASSED + SKIPPED + DISABLED)
        self.assertEqual(self.count(), ("1 passed, 2 failed", 1))

    def test_a_program_that_was_not_built_fails(self):
        self.add("a_test", "notrun")
        self.add("b_test", "disabled", gtest=False)
        self.add("c_test", None, gtest=False)
        self.assertEqual(self.count(), ("0 passed, 3 failed", 1))

    def test_a_program_without_cases_fails(self):
        self.add("a_test", "run", "")
        self.assertEqual(self.count(), ("0 passed, 1 failed", 1))

    def test_a_failed_script_fails(self):
        self.add("script", "fail", gtest=False)
        self.assertEqual(self.count(), ("0 passed, 1 failed", 1))

    def test_nothing_at_all_is_not_a_success(self):
        self.assertEqual(self.count(), ("0 passed, 0 failed", 1))

    def test_says_what_failed_tests_printed_last(self):
        junit = self.folder / "junit.xml"
        long = "x" * ctest_report.SAID_CHARACTERS
        junit.write_text(
            '<testsuite><testcase name="good" status="run"><system-out>fine</system-out></testcase>'
            f'<testcase name="bad" status="fail"><system-out>begin {long}\nthe end\n</system-out></testcase></testsuite>'
        )
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            self.assertEqual(ctest_report.said([self.folder / "missing.xml", junit]), 0)
        self.assertRegex(output.getvalue(), r"^-- bad \(fail\) printed last:\nx+\nthe end\n$")


if __name__ == "__main__":
    unittest.main()
