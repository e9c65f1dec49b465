"""What the examples that sign need: the keys, the signature, the clock."""

import hashlib
import hmac
import os
import sys
import time


def from_environment(name):
    """Keys come from the environment: other users of a machine can read a program's arguments."""
    return os.environ.get(name) or sys.exit(f"{name} is not set")


def now_ms():
    return time.time_ns() // 1_000_000


def sign(secret, payload):
    """The lower-case hex of HMAC-SHA256(secret, payload)."""
    return hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
