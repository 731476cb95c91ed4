#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Asks Google's json_format whether our proto3 JSON means the same, in both directions.

Golden messages, random messages (the seed is printed; HS_SEED sets it), and texts that both must take or refuse.
"""
import argparse
import glob
import json
import math
import os
import random
import subprocess
import sys
import time

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor as F

import contract

RANDOM_MESSAGES = 60  # of each type

# (type, text, what both shall do with it)
TEXTS = [
    ("PlateReadBatch", '{"reads":[{"vrm":"AB12CDE","capturedAtMs":1780000000000}]}', True),
    ("PlateReadBatch", '{"reads":[{"vrm":"AB12CDE","captured_at_ms":"1780000000000"}]}', True),
    ("PlateReadBatch", '{"reads":[{"lane":"3"},{"lane":3.0},{"lane":3e0}]}', True),
    ("PlateReadBatch", '{"reads":[{"position":null,"vrm":null,"candidates":null}]}', True),
    ("PlateReadBatch", '{"reads":[{"position":{}}]}', True),
    ("PlateReadBatch", '{"reads":[{"charConfidencePct":"YWJj_-8"}]}', True),
    ("PlateReadBatch", '{"reads":[{"charConfidencePct":"YWJj/+8="}]}', True),
    ("PlateReadBatch", '{"reads":[{"direction":2},{"direction":"DIRECTION_RECEDING"},{"direction":77}]}', True),
    ("PlateReadBatch", '{"reads":[{"position":{"latitudeDeg":"NaN","longitudeDeg":"-Infinity"}}]}', True),
    ("PlateReadBatch", '{"reads":[{"position":{"latitudeDeg":"51.5","longitudeDeg":-2}}]}', True),
    ("PlateReadBatch", '{"reads":[]}', True),
    ("PlateReadBatch", '{}', True),
    ("PlateReadBatch", '{"reads":[{"vrm":"\\u00e9\\ud83d\\ude97\\"\\\\\\u0001"}]}', True),
    ("PlateReadBatch", '{"reads":[{"capturedAtMs":9223372036854775807},{"capturedAtMs":"-9223372036854775808"}]}', True),
    ("PlateReadBatch", '{"reads":[{"plate":"AB12CDE"}]}', False),
    ("PlateReadBatch", '{"reads":[{"vrm":7}]}', False),
    ("PlateReadBatch", '{"reads":[{"lane":-1}]}', False),
    ("PlateReadBatch", '{"reads":[{"lane":4294967296}]}', False),
    ("PlateReadBatch", '{"reads":[{"lane":1.5}]}', False),
    ("PlateReadBatch", '{"reads":[{"lane":true}]}', False),
    ("PlateReadBatch", '{"reads":[{"capturedAtMs":"9223372036854775808"}]}', False),
    ("PlateReadBatch", '{"reads":[{"capturedAtMs":"12 "}]}', False),
    ("PlateReadBatch", '{"reads":[{"capturedAtMs":""}]}', False),
    ("PlateReadBatch", '{"reads":[{"direction":"SIDEWAYS"}]}', False),
    ("PlateReadBatch", '{"reads":{"vrm":"AB12CDE"}}', False),
    ("PlateReadBatch", '{"reads":[null]}', False),
    ("PlateReadBatch", '{"reads":[{"position":"here"}]}', False),
    ("PlateReadBatch", '{"reads":[{"position":{"latitudeDeg":"north"}}]}', False),
    ("PlateReadBatch", '{"reads":[{"vrm":"A","vrm":"B"}]}', False),
    ("PlateReadBatch", '{"reads":[{"vrm":"\\ud83d"}]}', False),
    ("PlateReadBatch", '{"reads":[', False),
    ("PlateReadBatch", '["vrm"]', False),
    ("Alert", '{"covert":1}', False),
    ("Alert", '{"covert":"true"}', False),
    ("Alert", '{"covert":true,"verifyImage":false}', True),
    ("VehicleEvent", '{"tookOver":{},"controlsActivated":{}}', False),
    ("VehicleEvent", '{"tookOver":{}}', True),
    ("VehicleEvent", '{"tookOver":null,"controlsActivated":{"hash":""}}', True),
]

LETTERS = "AZ09 \"\\/\n\t\u0001\u001b\u007f\u009b\u00e9\u4e2d\u2028\U0001f697'<&"


def random_scalar(rng, field):
    bits = {F.TYPE_INT32: (-2**31, 2**31 - 1), F.TYPE_UINT32: (0, 2**32 - 1),
            F.TYPE_INT64: (-2**63, 2**63 - 1), F.TYPE_UINT64: (0, 2**64 - 1),
            F.TYPE_SINT32: (-2**31, 2**31 - 1), F.TYPE_FIXED32: (0, 2**32 - 1),
            F.TYPE_FIXED64: (0, 2**64 - 1)}
    if field.type in bits:
        low, high = bits[field.type]
        return rng.choice([0, 1, low, high, rng.randint(low, high)])
    if field.type == F.TYPE_STRING:
        return "".join(rng.choice(LETTERS) for _ in range(rng.randint(0, 12)))
    if field.type == F.TYPE_BYTES:
        return bytes(rng.randrange(256) for _ in range(rng.randint(0, 20)))
    if field.type == F.TYPE_ENUM:
        return rng.choice([v.number for v in field.enum_type.values] + [1000])
    if field.type == F.TYPE_BOOL:
        return rng.random() < 0.5
    if field.type == F.TYPE_DOUBLE:
        return rng.choice([1.0, -0.1, 1e22, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan,
                           rng.uniform(-180, 180), rng.uniform(-1, 1) * 10.0**rng.randint(-300, 300)])
    raise AssertionError("no random value for field " + field.full_name)


def random_fill(rng, message):
    for oneof in message.DESCRIPTOR.oneofs:
        if rng.random() < 0.9:
            field = rng.choice(oneof.fields)
            getattr(message, field.name).SetInParent()
            random_fill(rng, getattr(message, field.name))
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof or rng.random() < 0.3:
            continue
        if field.label == F.LABEL_REPEATED:
            values = getattr(message, field.name)
            for _ in range(rng.randint(0, 3)):
                if field.type == F.TYPE_MESSAGE:
                    random_fill(rng, values.add())
                else:
                    values.append(random_scalar(rng, field))
        elif field.type == F.TYPE_MESSAGE:
            getattr(message, field.name).SetInParent()
            random_fill(rng, getattr(message, field.name))
        else:
            setattr(message, field.name, random_scalar(rng, field))


class Peer:
    """The program under test; one line out for each line in."""

    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, verb, name, text):
        self.process.stdin.write(("%s %s %s\n" % (verb, name, text)).encode("utf-8"))
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode("utf-8")
        assert answer.endswith("\n"), "the program under test ended at: %s %s %s" % (verb, name, text)
        return answer[:-1]

    def close(self):
        self.process.stdin.close()
        assert self.process.wait() == 0


def meaning(text):
    """JSON as values; numbers by value, NaN equal to itself as it stands quoted."""
    return json.loads(text)


def check_message(peer, name, message):
    packed = message.SerializeToString(deterministic=True)
    theirs = json_format.MessageToJson(message, indent=None)
    ours = peer.ask("print", name, packed.hex())
    assert meaning(ours) == meaning(theirs), "%s: printed\n%s\nGoogle prints\n%s" % (name, ours, theirs)
    back = json_format.Parse(ours, type(message)())
    assert back.SerializeToString(deterministic=True) == packed, "%s: Google reads otherwise: %s" % (name, ours)
    parsed = peer.ask("parse", name, theirs)
    assert not parsed.startswith("!"), "%s: refused: %s\n%s" % (name, parsed, theirs)
    again = type(message)()
    again.ParseFromString(bytes.fromhex(parsed))
    assert again.SerializeToString(deterministic=True) == packed, "%s: reads otherwise: %s" % (name, theirs)


def fields_set(message, into):
    """Adds the full names of all fields that are set, in the message and in what it holds."""
    for field, value in message.ListFields():
        into.add(field.full_name)
        if field.type == F.TYPE_MESSAGE:
            for inner in value if field.label == F.LABEL_REPEATED else [value]:
                fields_set(inner, into)


def fields_of(descriptor, into):
    for field in descriptor.fields:
        if field.full_name not in into:
            into.add(field.full_name)
            if field.type == F.TYPE_MESSAGE:
                fields_of(field.message_type, into)


def check_coverage(classes, messages):
    """Every field of the contract is set in a golden message."""
    expected, found = set(), set()
    for name in contract.TOP_LEVEL:
        fields_of(classes[name].DESCRIPTOR, expected)
    for message in messages:
        fields_set(message, found)
    assert expected <= found, "no golden message sets %s: see tests/golden/make_golden.py" % sorted(
        expected - found)


def check_text(peer, cls, name, text, taken):
    theirs = cls()
    try:
        json_format.Parse(text, theirs)
        they_take = True
    except json_format.ParseError:
        they_take = False
    assert they_take == taken, "Google %s %s" % ("takes" if they_take else "refuses", text)
    answer = peer.ask("parse", name, text)
    assert answer.startswith("!") != taken, "%s: %s" % (text, answer)
    if taken:
        ours = cls()
        ours.ParseFromString(bytes.fromhex(answer))
        assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True), text
    else:
        assert len(answer) > 3, "refused without a reason: " + text


def main():
    parser = argparse.ArgumentParser()
    for name in ("peer", "protoc", "proto", "golden", "work"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()
    seed = int(os.environ.get("HS_SEED", time.time_ns() % 2**32))
    print("seed %d (HS_SEED sets it)" % seed, flush=True)
    rng = random.Random(seed)
    classes = contract.load(args.proto, args.work, args.protoc)
    peer = Peer(args.peer)
    checked = 0
    golden_messages = []
    for path in sorted(glob.glob(os.path.join(args.golden, "*.bin"))):
        name = os.path.basename(path).split(".")[0]
        message = classes[name]()
        with open(path, "rb") as golden:
            message.ParseFromString(golden.read())
        check_message(peer, name, message)
        golden_messages.append(message)
        checked += 1
    check_coverage(classes, golden_messages)
    for name in contract.TOP_LEVEL:
        for _ in range(RANDOM_MESSAGES):
            message = classes[name]()
            random_fill(rng, message)
            check_message(peer, name, message)
            checked += 1
    for name, text, taken in TEXTS:
        check_text(peer, classes[name], name, text, taken)
        checked += 1
    peer.close()
    print("%d messages and texts agree" % checked)


if __name__ == "__main__":
    sys.exit(main())
