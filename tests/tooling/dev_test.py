#!/usr/bin/env python3
"""./dev on a machine with and without its packages: apt-get, dpkg-query, sudo, cmake and ninja are stand-ins that write
down how they were called, in a copy of the few files that ./dev consists of."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STUBS = {
    # Knows the packages listed in $STATE/installed.
    "dpkg-query": 'status=0; for p in "${@:3}"; do grep -qx "$p" "$STATE/installed" && echo "installed $p" || status=1; done; exit $status',
    # Installs what it is asked for.
    "apt-get": 'echo "apt-get $*" >>"$STATE/calls"; for p in "$@"; do echo "$p"; done >>"$STATE/installed"; echo "apt noise"',
    "sudo": 'echo sudo >>"$STATE/calls"; exec "$@"',
    "id": 'cat "$STATE/uid"',
    # Fails as often as $STATE/mvn says, then copies one jar.
    "mvn": 'echo "mvn ${*: -2:1}" >>"$STATE/calls"; left=$(cat "$STATE/mvn"); echo $((left - 1)) >"$STATE/mvn"; '
           '((left <= 0)) || { echo "[ERROR] no network"; exit 1; }; '
           'out=${*: -1}; out=${out#*=}; mkdir -p "$out"; touch "$out/kafka.jar"',
    "sleep": 'echo "sleep $*" >>"$STATE/calls"',
    "cmake": 'echo "cmake $*" >>"$STATE/calls"; mkdir -p "build/$2/bin"; touch "build/$2/build.ninja"; '
             'for p in xtrader-standalone xt-order xtraderctl bench-e2e; do cp "$STATE/program" "build/$2/bin/$p"; done',
    "ninja": 'echo "ninja ${*: -1}" >>"$STATE/calls"; echo "ninja noise"; exit "$(cat "$STATE/ninja" 2>/dev/null || echo 0)"',
}


class DevTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.tree = self.folder / "tree"
        self.state = self.folder / "state"
        for path in (self.tree / "deploy", self.tree / "tools", self.state, self.folder / "bin"):
            path.mkdir(parents=True)
        shutil.copy(ROOT / "dev", self.tree / "dev")
        shutil.copytree(ROOT / "tools" / "dev", self.tree / "tools" / "dev")
        (self.tree / "CMakePresets.json").write_text("{}\n")
        (self.tree / "deploy" / "packages.txt").write_text("# build\ncmake\nninja-build  # why\n\nlibone-dev\n")
        for name, body in STUBS.items():
            stub = self.folder / "bin" / name
            stub.write_text(f"#!/bin/bash\n{body}\n")
            stub.chmod(0o755)
        program = self.state / "program"
        program.write_text('#!/bin/bash\necho "pid $$ args $*"\n')
        program.chmod(0o755)
        (self.state / "uid").write_text("0\n")
        self.install("cmake", "ninja-build", "libone-dev")

    def install(self, *packages):
        (self.state / "installed").write_text("".join(f"{package}\n" for package in packages))

    def dev(self, *arguments):
        env = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "STATE": str(self.state), "HOME": str(self.folder)}
        process = subprocess.Popen([self.tree / "dev", *arguments], env=env, cwd="/", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = process.communicate(timeout=60)
        self.pid = process.pid
        return process.returncode, out, err

    def calls(self):
        path = self.state / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def test_run_installs_only_what_is_missing_then_becomes_the_program(self):
        self.install("cmake")
        status, out, err = self.dev("run", "--port", "0")
        self.assertEqual(status, 0, err)
        self.assertEqual(out, f"pid {self.pid} args --data {self.tree}/.xtrader --port 0\n")
        self.assertIn("installing 2 missing Debian packages: libone-dev ninja-build", err)
        calls = self.calls()
        self.assertTrue(calls[0].endswith(" update"), calls)
        self.assertIn("install -y --no-install-recommends libone-dev ninja-build", calls[1])
        self.assertEqual(calls[2:], ["cmake --preset dev", "ninja xtrader-standalone"])

    def test_nothing_is_installed_or_configured_twice(self):
        self.install("cmake")
        self.dev("run")
        self.calls()
        _, _, err = self.dev("run")
        self.assertEqual(self.calls(), ["ninja xtrader-standalone"])
        self.assertEqual(err, "ninja noise\n")

    def test_a_new_folder_configures_again(self):
        self.dev("run")
        self.calls()
        (self.tree / "libs").mkdir()
        (self.tree / "libs" / "CMakeLists.txt").touch()
        self.dev("run")
        self.assertEqual(self.calls(), ["cmake --preset dev", "ninja xtrader-standalone"])

    def test_another_preset_configures_again(self):
        self.dev("run")
        self.calls()
        (self.tree / "CMakePresets.json").write_text('{"version": 6}\n')
        self.dev("run")
        self.assertEqual(self.calls(), ["cmake --preset dev", "ninja xtrader-standalone"])

    def test_an_ordinary_user_goes_through_sudo(self):
        self.install("cmake", "ninja-build")
        (self.state / "uid").write_text("1000\n")
        status, _, err = self.dev("order", "--data", "elsewhere", "buy")
        self.assertEqual(status, 0, err)
        calls = self.calls()
        self.assertEqual([call.split()[0] for call in calls[:4]], ["sudo", "apt-get", "sudo", "apt-get"])

    def test_the_callers_folder_for_data_wins(self):
        for flag in (["--data", "elsewhere"], ["--data=elsewhere"]):
            _, out, _ = self.dev("order", *flag, "buy")
            self.assertTrue(out.endswith(f"args {' '.join(flag)} buy\n"), out)

    def test_ctl_looks_at_the_cluster_unless_it_is_told_otherwise(self):
        _, out, _ = self.dev("ctl", "status", "--json")
        self.assertTrue(out.endswith(f"args --data {self.tree}/.xtrader/cluster status --json\n"), out)
        for where in (["--data", "elsewhere"], ["--data=elsewhere"], ["--service", "a=b:1"], ["--service=a=b:1"]):
            _, out, _ = self.dev("ctl", *where, "status")
            self.assertTrue(out.endswith(f"args {' '.join(where)} status\n"), out)

    def test_a_benchmark_owns_stdout(self):
        (self.tree / "bench" / "e2e").mkdir(parents=True)
        (self.tree / "bench" / "e2e" / "CMakeLists.txt").touch()
        status, out, err = self.dev("bench", "e2e", "--json")
        self.assertEqual((status, out), (0, f"pid {self.pid} args --json\n"), err)
        self.assertEqual(self.calls(), ["cmake --preset release", "ninja bench-e2e"])
        _, out, _ = self.dev("bench")
        self.assertEqual(out.splitlines()[0], "benchmarks: e2e")

    def test_a_build_that_fails_says_so_and_starts_nothing(self):
        (self.state / "ninja").write_text("1")
        status, out, err = self.dev("run")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("there is no target 'xtrader-standalone' in this tree", err)
        status, out, _ = self.dev("test", "unit")
        self.assertEqual((status, out), (1, "0 passed, 1 failed\n"))

    def start_ensure_kafka(self):
        (self.tree / "deploy" / "dev" / "kafka").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "deploy" / "dev" / "kafka" / "pom.xml", self.tree / "deploy" / "dev" / "kafka")
        script = 'set -euo pipefail; XT_ROOT=$1; source "$1/tools/dev/common.sh"; source "$1/tools/dev/jars.sh"; ensure_kafka'
        env = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "STATE": str(self.state), "HOME": str(self.folder)}
        return subprocess.Popen(["bash", "-c", script, "bash", str(self.tree)], env=env, stdin=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def ensure_kafka(self):
        process = self.start_ensure_kafka()
        _, err = process.communicate(timeout=60)
        return process.returncode, err

    def test_kafka_is_fetched_once_and_again_for_another_version(self):
        (self.state / "mvn").write_text("0")
        self.assertEqual(self.ensure_kafka()[0], 0)
        self.assertTrue((self.tree / "build" / "kafka" / "libs" / "kafka.jar").exists())
        self.assertEqual(self.ensure_kafka(), (0, ""))
        self.assertEqual(self.calls(), ["sleep 0", "mvn dependency:copy-dependencies"])
        (self.tree / "build" / "kafka" / "pom.xml").write_text("another version")
        self.assertEqual(self.ensure_kafka()[0], 0)
        self.assertEqual(self.calls(), ["sleep 0", "mvn dependency:copy-dependencies"])
        self.assertEqual([path.name for path in (self.tree / "build").iterdir()], ["kafka"])

    def test_kafka_is_tried_again_when_the_network_fails_and_never_there_by_half(self):
        (self.state / "mvn").write_text("2")
        status, err = self.ensure_kafka()
        self.assertEqual(status, 0, err)
        self.assertEqual(err.count("Maven failed: [ERROR] no network"), 2)
        shutil.rmtree(self.tree / "build")
        (self.state / "mvn").write_text("99")
        self.assertEqual(self.ensure_kafka()[0], 1)
        self.assertEqual(list((self.tree / "build").iterdir()), [])

    def test_kafka_is_fetched_by_one_of_two_at_once(self):
        (self.state / "mvn").write_text("0")
        for process in [self.start_ensure_kafka(), self.start_ensure_kafka()]:
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
        self.assertEqual(self.calls().count("mvn dependency:copy-dependencies"), 1)

    def test_mistakes_are_named_before_anything_is_built(self):
        for arguments, message in [
            (["fly"], "unknown command 'fly'"),
            (["test", "units"], "no test group 'units'"),
            (["test", "--preset", "fast"], "no preset 'fast'"),
            (["test", "--label", "slow"], "no label 'slow'"),
            (["build", "--fast"], "unknown option --fast"),
            (["bench", "nothing"], "no benchmark 'nothing'"),
            (["lint", "spelling"], "no lint step 'spelling'"),
        ]:
            status, out, err = self.dev(*arguments)
            self.assertEqual((status, out), (1, ""), arguments)
            self.assertIn(message, err)
        self.assertEqual(self.calls(), [])

    def test_clean_removes_the_build_and_the_data_of_this_checkout(self):
        self.dev("run")
        (self.tree / ".xtrader").mkdir(exist_ok=True)
        status, _, err = self.dev("clean")
        self.assertEqual(status, 0, err)
        self.assertIn(f"removing {self.tree}/build {self.tree}/.xtrader", err)
        self.assertFalse((self.tree / "build").exists() or (self.tree / ".xtrader").exists())


if __name__ == "__main__":
    unittest.main()
