#!/usr/bin/env python3
"""The examples of docs/grpc.md, in both languages, against a running exchange; and what reflection says about every
service, asked by a client that knows only protobuf. Arguments: the folder with the programs."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import grpc
from google.protobuf import descriptor_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "grpc"
PROGRAMS = pathlib.Path(sys.argv.pop(1)).resolve()
PATIENCE_S = 120
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
SERVICES = {
    "gateway": ["OrderEntryService", "OperatorService"],
    "sequencer": ["InfraService", "SequencerService"],
    "matching": ["MatchingService"],
    "persistence": ["InfraService", "PersistenceService"],
    "market-data": ["InfraService", "MarketDataService"],
    "notifier": ["NotifierService"],
}
OF_EVERY_SERVICE = ["grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"]


@contextlib.contextmanager
def running(program, *arguments):
    """A program of ours that serves, in a folder of its own: what its ready file says."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as name:
        folder = pathlib.Path(name)
        ready = folder / "ready.json"
        with open(folder / "output", "wb") as output:
            arguments = [str(folder / "data") if argument == "DATA" else argument for argument in arguments]
            process = subprocess.Popen(
                [PROGRAMS / program, "--ready-file", ready, "--grpc.port", "0", "--admin.port", "0", *arguments],
                stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not ready.exists():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.02)
                    raise AssertionError(f"{program} ended:\n{(folder / 'output').read_text()}")
                if time.monotonic() > deadline:
                    raise AssertionError(f"{program} does not serve:\n{(folder / 'output').read_text()}")
            yield json.loads(ready.read_text())
        finally:
            process.kill()
            process.wait()


def field(number, payload):
    """A length-delimited field of protobuf's wire format, for payloads below 128 bytes."""
    return bytes([number << 3 | 2, len(payload)]) + payload


def fields(data):
    """(number, payload) of the length-delimited fields of a message; the others are passed over."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if data[at - 1] < 128:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 2:
            size = varint()
            yield tag >> 3, data[at:at + size]
            at += size
        else:
            varint()


def only(data, number):
    return [payload for found, payload in fields(data) if found == number]


class Reflection:
    """Reflection in bytes: the numbers are those of grpc/reflection/v1alpha/reflection.proto."""

    def __init__(self, address):
        self.call = grpc.insecure_channel(address).stream_stream(REFLECTION)

    def ask(self, request):
        return next(self.call(iter([request]), timeout=PATIENCE_S))

    def services(self):
        listed = only(self.ask(field(7, b"*")), 6)[0]
        return [only(service, 1)[0].decode() for service in only(listed, 1)]

    def methods(self, service):
        """What the file that defines the service says about it."""
        files = only(only(self.ask(field(4, service.encode())), 4)[0], 1)
        for parsed in map(descriptor_pb2.FileDescriptorProto.FromString, files):
            for described in parsed.service:
                if f"{parsed.package}.{described.name}" == service:
                    return [method.name for method in described.method]
        raise AssertionError(f"{service} is in no file that reflection sent")


def methods_of_contract(service):
    """The methods in protos/, read as text."""
    for path in (ROOT / "protos" / "xtrader" / "v1").glob("*_service.proto"):
        for block in path.read_text().split("\nservice ")[1:]:
            if block.startswith(service + " {"):
                return [line.split()[1].split("(")[0] for line in block.split("\n}")[0].splitlines()
                        if line.strip().startswith("rpc ")]
    raise AssertionError(f"{service} is in no contract")


class ReflectionTest(unittest.TestCase):
    def check(self, address, services):
        reflection = Reflection(address)
        names = [f"xtrader.v1.{service}" for service in services]
        self.assertEqual(sorted(reflection.services()), sorted(names + OF_EVERY_SERVICE))
        for service, name in zip(services, names):
            methods = reflection.methods(name)
            self.assertTrue(methods)
            self.assertEqual(methods, methods_of_contract(service))

    def test_every_service_alone(self):
        own = {"gateway": ["--port", "0", "--operator.secret", "operators"], "notifier": ["--port", "0"],
               "sequencer": ["--data", "DATA"], "persistence": ["--data", "DATA"], "market-data": ["--data", "DATA"]}
        for program, services in SERVICES.items():
            with self.subTest(program), running(f"xtrader-{program}", *own.get(program, [])) as ready:
                self.check(ready["grpc"], services)

    def test_the_standalone_shows_what_is_for_customers(self):
        with running("xtrader-standalone", "--port", "0", "--data", "DATA") as ready:
            self.check(ready["grpc"], ["OrderEntryService"])


class ExamplesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stubs = cls.enterClassContext(tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")))
        subprocess.run([EXAMPLES / "python" / "generate.sh", stubs], check=True)
        cls.stubs = stubs
        cls.ready = cls.enterClassContext(
            running("xtrader-standalone", "--port", "0", "--data", "DATA", "--gateway.operator.secret", "operators",
                    "--persistence.query.max-wait-ms", "60000"))

    def run_example(self, language, name, account, *arguments, secret=None):
        """Status, output and errors of an example, run as docs/grpc.md says."""
        keys = self.ready["accounts"][account]
        program = [PROGRAMS / f"example-{name}"]
        if language == "python":
            program = [sys.executable, EXAMPLES / "python" / f"{name.replace('-', '_')}.py"]
        environment = os.environ | {"XT_API_KEY": keys["apiKey"], "XT_SECRET": secret or keys["secret"],
                                    "XT_OPERATOR_SECRET": secret or "operators", "PYTHONPATH": self.stubs,
                                    "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([*program, self.ready["grpc"], *arguments], env=environment, capture_output=True,
                              text=True, timeout=PATIENCE_S)
        return done.returncode, done.stdout, done.stderr

    def order(self, language, account, *arguments):
        status, out, err = self.run_example(language, "enter-order", account, *arguments)
        self.assertEqual((status, err), (0, ""), out)
        self.assertRegex(out, rf"^signed in as demo-{account + 1}\norder [0-9]+: ")
        number, rest = out.split("\norder ")[1].split(": ", 1)
        return number, rest

    def test_orders_meet_and_the_rest_is_canceled(self):
        for maker, taker in (("cpp", "python"), ("python", "cpp")):
            with self.subTest(maker=maker):
                resting, what = self.order(maker, 0, "BTC-KRW", "SELL", "100000000", "0.5")
                self.assertEqual(what, "ORDER_STATUS_NEW, executed 0 of 0.5\n")
                _, what = self.order(taker, 1, "BTC-KRW", "BUY", "100000000", "0.2")
                self.assertRegex(
                    what, r"^ORDER_STATUS_FILLED, executed 0\.2 of 0\.2\ntrade [0-9]+: 0\.2 at 100000000\n$")
                status, out, err = self.run_example(taker, "cancel-orders", 0, "BTC-KRW")
                self.assertEqual((status, out, err), (0, f"canceled 1\norder {resting}\n", ""))
                status, out, err = self.run_example(maker, "cancel-orders", 0, "BTC-KRW")
                self.assertEqual((status, out, err), (0, "canceled 0\n", ""))

    def test_an_operator_limits_prices(self):
        self.order("cpp", 0, "ETH-USDT", "SELL", "2000", "0.1")
        self.order("cpp", 1, "ETH-USDT", "BUY", "2000", "0.1")
        for language in ("cpp", "python"):
            with self.subTest(language):
                status, out, err = self.run_example(language, "limit-prices", 0, "ETH-USDT", "100")
                self.assertEqual((status, err), (0, ""))
                self.assertRegex(out, "^in force from sequence [0-9]+\n$")
                status, _, err = self.run_example(language, "enter-order", 0, "ETH-USDT", "BUY", "1979", "0.1")
                self.assertEqual(status, 1)
                self.assertTrue(err.startswith("PRICE_DEVIATION: "), err)
                status, _, err = self.run_example(language, "limit-prices", 0, "ETH-USDT", "0")
                self.assertEqual((status, err), (0, ""))
                self.order(language, 0, "ETH-USDT", "BUY", "1979", "0.1")
                status, out, err = self.run_example(language, "limit-prices", 0, "ETH-USDT", "100", secret="wrong")
                self.assertEqual((status, out), (1, ""))
                self.assertTrue(err.startswith("INVALID_SIGNATURE: "), err)

    def test_a_refusal_is_said(self):
        for language in ("cpp", "python"):
            with self.subTest(language):
                for name, arguments in (("enter-order", ["BTC-KRW", "BUY", "100000000", "0.2"]),
                                        ("cancel-orders", ["BTC-KRW"])):
                    status, out, err = self.run_example(language, name, 0, *arguments, secret="wrong")
                    self.assertEqual((status, out), (1, ""))
                    self.assertTrue(err.startswith("INVALID_SIGNATURE: "), err)
                order = ["BTC-KRW", "BUY", "100000000"]
                status, _, err = self.run_example(language, "enter-order", 0, *order, "1000000")
                self.assertEqual(status, 1)
                self.assertTrue(err.startswith("INSUFFICIENT_BALANCE: "), err)
                status, out, err = self.run_example(language, "enter-order", 0, *order, "0.0000000001")
                self.assertEqual((status, out), (1, "signed in as demo-1\n"))
                self.assertTrue(err)

    def test_each_service_inside_is_asked(self):
        own = {"sequencer": ["--data", "DATA"], "matching": [], "persistence": ["--data", "DATA"],
               "market-data": ["--data", "DATA"], "notifier": ["--port", "0"]}
        with contextlib.ExitStack() as stack:
            addresses = [stack.enter_context(running(f"xtrader-{name}", *arguments))["grpc"]
                         for name, arguments in own.items()]
            for program in ([PROGRAMS / "example-ask-services"],
                            [sys.executable, EXAMPLES / "python" / "ask_services.py"]):
                done = subprocess.run([*program, *addresses], env=os.environ | {"PYTHONPATH": self.stubs},
                                      capture_output=True, text=True, timeout=PATIENCE_S)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                lines = dict(line.split(": ", 1) for line in done.stdout.splitlines())
                # Alone, with nothing around them: the sequencer takes no command, market-data knows no symbol.
                self.assertEqual(lines["SequencerService"], "outcome SUBMIT_OUTCOME_UNAVAILABLE")
                self.assertRegex(lines["MatchingService"], "^after sequence 0 the state is [0-9a-f]{32}$")
                self.assertEqual(lines["PersistenceService"], "the database has everything up to sequence 0")
                self.assertEqual(lines["InfraService"], "0 servers are configured")
                self.assertEqual(lines["NotifierService"], "0 sessions")
                self.assertIn("MarketDataService", lines)

    def test_decimals_are_exact(self):
        for language in ("cpp", "python"):
            with self.subTest(language):
                _, what = self.order(language, 0, "ETH-BTC", "BUY", "0.05", "1.25")
                self.assertEqual(what, "ORDER_STATUS_NEW, executed 0 of 1.25\n")


if __name__ == "__main__":
    unittest.main()
