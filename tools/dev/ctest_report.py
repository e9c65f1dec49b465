#!/usr/bin/env python3
"""Reads what ctest and GoogleTest wrote and counts test cases.

    ctest_report.py names LISTING                      names of the tests in `ctest --show-only=json-v1`
    ctest_report.py count LISTING JUNIT XML_FOLDER     prints what failed, then `N passed, N failed`
    ctest_report.py said JUNIT...                      what the tests that failed printed last

A GoogleTest program (label `gtest`, see cmake/XtTargets.cmake) counts by its cases; any other test counts as one. What
did not run counts as failed: a crash, a time-out, a missing report, a program without cases, a skipped or disabled case.
"""

import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

SAID_CHARACTERS = 4000


def read_listing(path):
    """{name: labels} in the order of ctest."""
    with open(path, encoding="utf-8") as file:
        listing = json.load(file)
    tests = {}
    for test in listing["tests"]:
        labels = []
        for prop in test.get("properties", []):
            if prop["name"] == "LABELS":
                labels = prop["value"]
        tests[test["name"]] = labels
    return tests


def read_junit(path):
    """{name: status}, status as ctest gives it: run, fail, notrun, disabled."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return {}
    return {case.get("name"): case.get("status") for case in root.iter("testcase")}


def read_cases(path):
    """(passed, [failed case names]) of one GoogleTest report, or None when there is none."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    passed, failed = 0, []
    for suite in root.iter("testsuite"):
        failed += [f"{suite.get('name')} (outside its cases)" for _ in suite.findall("failure")]
        for case in suite.iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                failed.append(name)
            elif case.get("result") == "completed":
                passed += 1
            else:
                failed.append(f"{name} (did not run: {case.get('result')})")
    return passed, failed


def count_test(name, is_gtest, status, xml_folder):
    """(passed, [what failed]) of one ctest test."""
    ran = {"run": "", "fail": "failed", None: "is missing in ctest's report"}.get(status, f"did not run: {status}")
    cases = read_cases(xml_folder / f"{name}.xml")
    if not is_gtest and cases is None:
        return (0, [f"{name} {ran}"]) if ran else (1, [])
    if cases is None:
        return 0, [f"{name} wrote no report (crash or time-out{'; ' + ran if ran else ''})"]
    passed, failed = cases
    failed = [f"{name}: {case}" for case in failed]
    if ran and not failed:
        failed = [f"{name} {ran}, though all its cases passed"]
    if not passed and not failed:
        failed = [f"{name} has no cases"]
    return passed, failed


def count(listing, junit, xml_folder):
    statuses = read_junit(junit)
    passed, failed = 0, []
    for name, labels in read_listing(listing).items():
        more_passed, more_failed = count_test(name, "gtest" in labels, statuses.get(name), pathlib.Path(xml_folder))
        passed += more_passed
        failed += more_failed
    for line in failed:
        print(f"FAILED {line}")
    print(f"{passed} passed, {len(failed)} failed")
    return 0 if passed and not failed else 1


def said(junits):
    """The end of the output of each test that did not pass."""
    for path in junits:
        try:
            root = ElementTree.parse(path).getroot()
        except (OSError, ElementTree.ParseError):
            continue
        for case in root.iter("testcase"):
            if case.get("status") == "run":
                continue
            output = (case.findtext("system-out") or "").rstrip()
            print(f"-- {case.get('name')} ({case.get('status')}) printed last:\n{output[-SAID_CHARACTERS:]}")
    return 0


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "names":
        print("\n".join(read_listing(arguments[1])))
        return 0
    if len(arguments) == 4 and arguments[0] == "count":
        return count(*arguments[1:])
    if len(arguments) > 1 and arguments[0] == "said":
        return said(arguments[1:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
