#!/usr/bin/env python3
"""Plain rules for every file of the tree; file names come on stdin, one a line, relative to the folder given.

Sources have at most 600 lines; text has no trailing blanks and ends with a newline; a TODO says what is to be done;
package-lock.json names no registry. Recorded test data is left as it was recorded, and so is what fuzzers found.
"""

import pathlib
import re
import sys

MAX_LINES = 600
SOURCES = {".cc", ".h", ".py", ".sh", ".js", ".mjs", ".ts", ".tsx", ".proto", ".cmake"}
RECORDED = ("tests/data/", "tests/fuzz/corpus/", "web/public/")
TODO = re.compile(r"\bTODO\b(?!(\([^)]+\))?: *\S)")


def problems(path, text):
    lines = text.split("\n")
    if pathlib.PurePath(path).suffix in SOURCES and len(lines) - 1 > MAX_LINES:
        yield f"{path}: {len(lines) - 1} lines, more than {MAX_LINES}: split it by idea"
    if text and not text.endswith("\n"):
        yield f"{path}:{len(lines)}: no newline at the end"
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield f"{path}:{number}: trailing blanks"
        if pathlib.PurePath(path).suffix in SOURCES and TODO.search(line):
            yield f"{path}:{number}: a TODO without text (TODO: what is to be done)"
    if path.endswith("package-lock.json") and '"resolved"' in text:
        yield f"{path}: names a registry; run npm with omit-lockfile-registry-resolved"


def main(root):
    found = 0
    for path in sys.stdin.read().splitlines():
        data = (pathlib.Path(root) / path).read_bytes()
        if path.startswith(RECORDED) or b"\0" in data or path == "tools/dev/check_tree.py":
            continue
        for problem in problems(path, data.decode("utf-8", "replace")):
            print(problem)
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
