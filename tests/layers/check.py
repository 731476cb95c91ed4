#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the table of who may use whom, and holds the tree to it.

    tests/layers/check.py [SOURCE_TREE]     all faults on stderr, one a line; exit 1 when there are any

Checked: every #include of lib/ and daemon/ names a module (or system library) that its own module may use; the
USES lists of the modules' CMakeLists.txt say the same; only base/rcu.* knows urcu and ThreadSanitizer; every
unit test is registered; every source begins with its licence; no file is far beyond its size.
"""

import pathlib
import re
import sys

# module: modules it may include and link. Arrows only go down; edges never use each other.
MODULES = {
    # ground
    "base": set(),
    "vrm": {"base"},
    "wire": {"base", "proto"},
    "geo": {"base"},
    "config": {"base"},
    "metrics": {"base"},
    # engine
    "match": {"base", "vrm", "wire", "geo", "proto"},
    "route": {"base", "config"},
    "controls": {"base", "config", "geo", "route", "proto"},
    "report": {"base", "wire", "route", "controls", "proto"},
    "cameras": {"base", "proto"},
    "correlate": {"base", "vrm", "wire", "geo", "route", "controls", "cameras", "proto"},
    # edges
    "kafka": {"base", "metrics", "config"},
    "watchlist": {"base", "vrm", "wire", "proto", "config", "match"},
    "admin": {"base", "metrics"},
}
# module: libraries of the system it may include and link, by the first part of the header's path.
LIBRARIES = {
    "base": {"urcu"},
    "config": {"yaml.h"},
    "wire": {"protobuf-c", "sodium.h", "jansson.h"},
    "route": set(),
    "controls": {"protobuf-c", "sodium.h"},
    "match": {"protobuf-c"},
    "report": set(),
    "cameras": {"protobuf-c"},
    "correlate": {"protobuf-c"},
    "kafka": {"librdkafka"},
    "watchlist": {"hiredis", "protobuf-c", "sodium.h", "jansson.h"},
    "admin": {"event2", "jansson.h"},
}
LINKED = {  # link target: header it stands for
    "PkgConfig::URCU": "urcu",
    "PkgConfig::YAML": "yaml.h",
    "PkgConfig::PROTOBUF_C": "protobuf-c",
    "PkgConfig::SODIUM": "sodium.h",
    "PkgConfig::JANSSON": "jansson.h",
    "PkgConfig::RDKAFKA": "librdkafka",
    "PkgConfig::HIREDIS": "hiredis",
    "PkgConfig::LIBEVENT": "event2",
    "PkgConfig::SYSTEMD": "systemd",
}
GUARDED = {"urcu", "yaml.h", "protobuf-c", "sodium.h", "jansson.h", "librdkafka", "hiredis", "event2", "systemd",
           "sanitizer"}
# daemon programs may use every module; what they may include of each other's is nothing.
PROGRAMS = {"hitstreamd", "hitctl"}
FILE_LINES = 600

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
SOURCES = {".c", ".h", ".cmake", ".sh", ".py", ".proto", ".yaml"}


class Check:
    def __init__(self, root):
        self.root = root
        self.faults = []

    def fault(self, path, line, text):
        self.faults.append(f"{path.relative_to(self.root)}:{line}: {text}")

    def files(self, *folders):
        for folder in folders:
            base = self.root / folder
            for path in sorted(base.rglob("*")) if base.is_dir() else []:
                if path.is_file() and "__pycache__" not in path.parts:
                    yield path

    def include(self, path, line, module, quote, name):
        """One #include of a file of `module` (or of a program)."""
        first = name.split("/")[0]
        allowed = MODULES.get(module, set(MODULES) | {"proto"})
        if quote == '"':
            target = "proto" if name.startswith("hitstream/v1/") else first
            if "/" not in name:
                self.fault(path, line, f'"{name}": include by module path, "{module}/{name}"')
            elif target in PROGRAMS:
                if target != module:
                    self.fault(path, line, f'"{name}": only {target} itself includes its headers')
            elif target not in MODULES and target != "proto":
                self.fault(path, line, f'"{name}": no such module')
            elif target != module and target not in allowed:
                self.fault(path, line, f'"{name}": {module} may use: {", ".join(sorted(allowed)) or "nothing"}')
            return
        if first == "urcu" or name.startswith("urcu") or first == "sanitizer":
            if path.relative_to(self.root).as_posix() not in ("lib/base/rcu.c", "lib/base/rcu.h"):
                self.fault(path, line, f"<{name}>: only base/rcu.* knows urcu and ThreadSanitizer")
        elif first in GUARDED and module in MODULES and first not in LIBRARIES.get(module, set()):
            libraries = ", ".join(sorted(LIBRARIES.get(module, set()))) or "none"
            self.fault(path, line, f"<{name}>: libraries of {module}: {libraries}")

    def includes(self):
        for path in self.files("lib", "daemon"):
            if path.suffix not in (".c", ".h"):
                continue
            module = path.relative_to(self.root).parts[1]
            if module not in MODULES and module not in PROGRAMS:
                self.fault(path, 1, f"'{module}' is in no table of tests/layers/check.py")
                continue
            for number, text in enumerate(path.read_text(errors="replace").splitlines(), 1):
                found = INCLUDE.match(text)
                if found:
                    self.include(path, number, module, *found.groups())
                if "__tsan_" in text and path.stem != "rcu":
                    self.fault(path, number, "only base/rcu.* calls ThreadSanitizer")

    def uses(self):
        """What a module links is within the same table."""
        for module, allowed in MODULES.items():
            path = self.root / "lib" / module / "CMakeLists.txt"
            if not path.is_file():
                continue
            text = path.read_text()
            found = re.search(rf"hs_module\(\s*{module}\b(.*?)\)", text, re.S)
            if not found:
                self.fault(path, 1, f"does not say hs_module({module} ...)")
                continue
            uses = found.group(1).partition("USES")[2].split()
            line = text[:found.start()].count("\n") + 1
            for target in uses:
                if target in LINKED:
                    if LINKED[target] not in LIBRARIES.get(module, set()):
                        self.fault(path, line, f"USES {target}: not among the libraries of {module}")
                elif target.startswith("hs_") and target[3:] not in allowed:
                    self.fault(path, line, f"USES {target}: {module} may use: {', '.join(sorted(allowed)) or 'nothing'}")

    def tests(self):
        """A test file that no CMakeLists.txt names would never run."""
        for path in self.files("tests"):
            if path.name.endswith("_test.c") or path.name.endswith("_test.py"):
                listing = path.parent / "CMakeLists.txt"
                unit = re.escape(path.name.removesuffix(path.suffix).removesuffix("_test"))
                named = rf"\b{unit}(_test{path.suffix})?\b"  # alone: the listing has a foreach over units
                if not listing.is_file() or not re.search(named, listing.read_text()):
                    self.fault(path, 1, "is not registered in its folder's CMakeLists.txt")
            if "unit" in path.relative_to(self.root).parts[1:2] and path.name.endswith("_test.c"):
                module = path.relative_to(self.root).parts[2]
                if module not in MODULES and module not in PROGRAMS:
                    self.fault(path, 1, f"tests/unit mirrors lib/: there is no module '{module}'")

    def licences(self):
        for path in self.files("lib", "daemon", "proto", "tests", "bench", "config"):
            if path.suffix not in SOURCES and path.name != "CMakeLists.txt":
                continue
            if "data" in path.relative_to(self.root).parts[:-1]:
                continue
            lines = path.read_text(errors="replace").splitlines()
            if not any("SPDX-License-Identifier: Apache-2.0" in text for text in lines[:2]):
                self.fault(path, 1, "does not begin with its SPDX-License-Identifier line")
            if path.suffix in (".c", ".h") and len(lines) > FILE_LINES:
                self.fault(path, len(lines), f"has {len(lines)} lines; cut it below {FILE_LINES}")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    check = Check(root)
    for step in (check.includes, check.uses, check.tests, check.licences):
        step()
    for text in check.faults:
        print(text, file=sys.stderr)
    return 1 if check.faults else 0


if __name__ == "__main__":
    sys.exit(main())
