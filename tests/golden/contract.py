# SPDX-License-Identifier: Apache-2.0
"""The contract as Google's protobuf for Python sees it, compiled afresh from proto/ by protoc."""
import glob
import importlib
import os
import subprocess
import sys

# What stands alone in a topic, a Redis value, a file or a token.
TOP_LEVEL = [
    "PlateReadBatch", "WatchlistEntry", "VehicleEvent", "VehicleState", "PartitionState", "Alert", "ReplyTo",
    "ControlsSource", "ControlsManifest", "ControlsPart", "AuditAnchor", "ListInfo", "MatchPolicy", "Feedback",
    "CameraHealth", "CameraObservation", "GatherMemory", "GatherManifest",
]


def load(proto_dir, work_dir, protoc="protoc"):
    """Compiles all .proto files into work_dir; returns {short name: message class}."""
    os.makedirs(work_dir, exist_ok=True)
    sources = sorted(glob.glob(os.path.join(proto_dir, "hitstream/v1/*.proto")))
    subprocess.run([protoc, "--proto_path=" + proto_dir, "--python_out=" + work_dir] + sources, check=True)
    sys.path.insert(0, work_dir)
    classes = {}
    for source in sources:
        name = os.path.basename(source)[:-len(".proto")]
        module = importlib.import_module("hitstream.v1.%s_pb2" % name)
        for short_name in module.DESCRIPTOR.message_types_by_name:
            classes[short_name] = getattr(module, short_name)
    return classes
