#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants each kind of fault in a small tree and asks check.py for it: a check that cannot fail is none."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).with_name("check.py")
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


def run(files):
    """Exit code and faults of a tree made of {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True, check=False)
        return done.returncode, done.stderr


class Planted(unittest.TestCase):
    def refused(self, files, *words):
        code, faults = run(files)
        self.assertEqual(code, 1, faults)
        for word in words:
            self.assertIn(word, faults)

    def test_sound_tree(self):
        code, faults = run({
            "lib/vrm/vrm.c": LICENCE + '#include "vrm/vrm.h"\n#include "base/str.h"\n#include <stdio.h>\n',
            "lib/vrm/CMakeLists.txt": "# SPDX-License-Identifier: Apache-2.0\nhs_module(vrm SOURCES vrm.c USES hs_base)\n",
            "daemon/hitctl/main.c": LICENCE + '#include "kafka/topics.h"\n#include "hitctl/command.h"\n',
            "lib/base/rcu.c": LICENCE + "#include <urcu.h>\n__tsan_release(0);\n",
        })
        self.assertEqual((code, faults), (0, ""))

    def test_arrow_upwards(self):
        self.refused({"lib/vrm/vrm.c": LICENCE + '#include "match/matcher.h"\n'},
                     "lib/vrm/vrm.c:2:", '"match/matcher.h": vrm may use: base')

    def test_edge_uses_edge(self):
        self.refused({"lib/kafka/a.c": LICENCE + '#include "watchlist/store.h"\n'}, "lib/kafka/a.c:2:", "base, config, metrics")

    def test_module_uses_daemon(self):
        self.refused({"lib/kafka/a.c": LICENCE + '#include "hitstreamd/daemon.h"\n'}, "only hitstreamd itself")

    def test_tool_uses_daemon(self):
        self.refused({"daemon/hitctl/a.c": LICENCE + '#include "hitstreamd/daemon.h"\n'}, "only hitstreamd itself")

    def test_engine_uses_kafka(self):
        self.refused({"lib/match/a.c": LICENCE + "#include <librdkafka/rdkafka.h>\n"}, "libraries of match: protobuf-c")

    def test_urcu_elsewhere(self):
        self.refused({"lib/match/a.c": LICENCE + "#include <urcu.h>\n"}, "only base/rcu.*")
        self.refused({"lib/match/a.c": LICENCE + "__tsan_acquire(p);\n"}, "only base/rcu.*")

    def test_include_without_path(self):
        self.refused({"lib/match/a.c": LICENCE + '#include "matcher.h"\n'}, "include by module path")

    def test_unknown_module(self):
        self.refused({"lib/misc/a.c": LICENCE}, "'misc' is in no table")
        self.refused({"lib/match/a.c": LICENCE + '#include "misc/a.h"\n'}, "no such module")

    def test_link_line(self):
        head = "# SPDX-License-Identifier: Apache-2.0\n"
        self.refused({"lib/vrm/CMakeLists.txt": head + "hs_module(vrm SOURCES vrm.c USES hs_base hs_match)\n"},
                     "lib/vrm/CMakeLists.txt:2:", "USES hs_match")
        self.refused({"lib/vrm/CMakeLists.txt": head + "hs_module(vrm SOURCES vrm.c USES PkgConfig::RDKAFKA)\n"},
                     "USES PkgConfig::RDKAFKA")

    def test_unregistered_test(self):
        self.refused({"tests/unit/vrm/vrm_test.c": LICENCE}, "tests/unit/vrm/vrm_test.c:1: is not registered")

    def test_licence(self):
        self.refused({"bench/a.c": "int main(void);\n"}, "bench/a.c:1: does not begin with its SPDX")


if __name__ == "__main__":
    unittest.main()
