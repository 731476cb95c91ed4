#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/golden: each top-level message with every field set, encoded by Google's protobuf.

    tests/golden/make_golden.py              what is missing
    tests/golden/make_golden.py Alert        that one anew: only before its fields are released
    tests/golden/make_golden.py Alert.convoy VehicleEvent.hit.convoy
                                             one more each, after fields were added

A golden message is our ABI: once released it is never written again. Values follow from the field's number, so that every field has one of its own.
"""
import os
import sys
import tempfile

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor as F

import contract

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(ROOT, "tests/data/golden")


def scalar(field, nth):
    number = field.number * 10 + nth
    if field.type == F.TYPE_STRING:
        return "%s %d \u00e9\u4e2d\U0001f697" % (field.name, nth)
    if field.type == F.TYPE_BYTES:
        return bytes((number * 7 + i * 37) % 256 for i in range(16))
    if field.type == F.TYPE_ENUM:
        values = [v.number for v in field.enum_type.values if v.number != 0]
        return values[nth % len(values)]
    if field.type == F.TYPE_BOOL:
        return True
    if field.type == F.TYPE_DOUBLE:
        return number + 0.1 + field.number / 1e6
    if field.type in (F.TYPE_INT64, F.TYPE_UINT64):
        return 1780000000000 + number
    return number


def fill(message, chosen=None, nth=0):
    """Sets every field; of a oneof the member named `chosen`, else the first."""
    for field in message.DESCRIPTOR.fields:
        if field.containing_oneof:
            wanted = chosen or field.containing_oneof.fields[0].name
            if field.name != wanted:
                continue
        if field.label == F.LABEL_REPEATED:
            values = getattr(message, field.name)
            for i in range(2):
                if field.type == F.TYPE_MESSAGE:
                    fill(values.add(), nth=i)
                else:
                    values.append(scalar(field, i))
        elif field.type == F.TYPE_MESSAGE:
            getattr(message, field.name).SetInParent()
            fill(getattr(message, field.name), nth=nth)
        else:
            setattr(message, field.name, scalar(field, nth))


def variants(name, cls, wanted):
    """{file name: member of the oneof, or None}"""
    oneofs = cls.DESCRIPTOR.oneofs
    more = [file_name for file_name in wanted if file_name.startswith(name + ".")]
    if oneofs:
        members = {"%s.%s" % (name, field.name): field.name for field in oneofs[0].fields}
        return {**members, **{file_name: file_name.split(".")[1] for file_name in more}}
    return {name: None, **{file_name: None for file_name in more}}


def main():
    with tempfile.TemporaryDirectory() as work:
        classes = contract.load(os.path.join(ROOT, "proto"), work)
        os.makedirs(OUT, exist_ok=True)
        for name in contract.TOP_LEVEL:
            for file_name, chosen in variants(name, classes[name], sys.argv[1:]).items():
                path = os.path.join(OUT, file_name)
                if os.path.exists(path + ".bin") and file_name not in sys.argv[1:]:
                    continue
                message = classes[name]()
                fill(message, chosen)
                with open(path + ".bin", "wb") as out:
                    out.write(message.SerializeToString(deterministic=True))
                with open(path + ".json", "w", encoding="utf-8") as out:
                    out.write(json_format.MessageToJson(message, ensure_ascii=False) + "\n")
                print(path)


if __name__ == "__main__":
    main()
