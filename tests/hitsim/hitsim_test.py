#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hitsim as its users see it: hitsim_test.py HITSIM SOURCE_FOLDER"""

import collections
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HITSIM, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
START_MS = 1768291200000


def run(*options):
    done = subprocess.run([HITSIM, "--start-ms", str(START_MS), *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done.stdout


class Stream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            out = run("--reads", "60000", "--rate", "100", "--speed", "5", "--listed", "50", "--listed-pause-s", "60",
                      "--truth", f"{folder}/truth", "--lists", folder, "--cameras", f"{folder}/cameras.csv")
            cls.reads = [json.loads(line) for line in out.splitlines()]
            cls.truth = [json.loads(line) for line in pathlib.Path(folder, "truth").read_text().splitlines()]
            cls.register = pathlib.Path(folder, "cameras.csv").read_text()
            cls.lists = {}
            for row in pathlib.Path(folder, "lists.tsv").read_text().splitlines():
                name = row.split("\t")[0]
                with open(f"{folder}/{name}.csv", encoding="ascii", newline="") as file:
                    cls.lists[name] = list(csv.DictReader(file))

    def test_same_seed_same_bytes(self):
        options = ("--reads", "2000", "--seed", "5")
        self.assertEqual(run(*options), run(*options))
        self.assertNotEqual(run("--reads", "2000", "--seed", "6"), run(*options))

    def test_order_and_rate(self):
        times = [int(read["capturedAtMs"]) for read in self.reads]
        self.assertEqual(times, sorted(times))
        self.assertGreaterEqual(times[0], START_MS)
        self.assertAlmostEqual(60000 / ((times[-1] - START_MS) / 1000), 100, delta=10)

    def test_truth_belongs_to_the_reads(self):
        listed = {row["VRM"]: name for name, rows in self.lists.items() for row in rows}
        self.assertEqual(len(listed), 50)
        self.assertFalse([row for rows in self.lists.values() for row in rows if None in row or None in row.values()])
        for read, true in zip(self.reads, self.truth, strict=True):
            self.assertEqual((read["readId"], read["cameraId"], read["vrm"]),
                             (true["readId"], true["cameraId"], true["readAs"]))
            self.assertEqual(true["misread"], true["readAs"] != true["vrm"])
            self.assertEqual(true["list"], listed.get(true["vrm"], ""))
        self.assertGreater(sum(1 for true in self.truth if true["list"]), 100)

    def test_cameras_are_in_the_register(self):
        register = {row["camera"]: row for row in csv.DictReader(self.register.splitlines())}
        self.assertEqual(len(register), 66)
        self.assertEqual({row["force"] for row in register.values()}, {"northvale", "eastmoor", "westbrook"})
        for read in self.reads:
            self.assertEqual(register[read["cameraId"]]["site"], read["site"])

    def test_the_demo_has_this_register(self):
        self.assertEqual(self.register, (SOURCE / "config/demo/controls/cameras.csv").read_text())

    def test_flows_are_the_survey_s(self):
        """Where vehicles go on to, at eight o'clock, by the survey and by the walk."""
        with open(SOURCE / "bench/hitsim/data/bath-2017/movements.csv", encoding="ascii", newline="") as file:
            survey = collections.Counter()
            for row in csv.DictReader(file):
                if row["hour"] == "8":
                    survey[row["from_site"], row["to_site"]] += int(row["vehicles"])
        with open(SOURCE / "bench/hitsim/data/bath-2017/sites.csv", encoding="ascii", newline="") as file:
            number = {}
            for row in csv.DictReader(file):
                name = "".join(c.lower() if c.isalnum() else "-" for c in row["description"])
                number[f"{name}-{row['direction'].lower()}"] = row["site"]
        walked, last = collections.Counter(), {}
        for true in self.truth:
            if not true["list"]:
                here = number[true["cameraId"]]
                if true["vrm"] in last:
                    walked[last[true["vrm"]], here] += 1
                last[true["vrm"]] = here
        total_survey, total_walked = sum(survey.values()), sum(walked.values())
        for pair, count in survey.most_common(15):
            self.assertAlmostEqual(walked[pair] / total_walked, count / total_survey, delta=0.25 * count / total_survey)

    def test_bad_options(self):
        for options, word in ((["--rate", "x"], "--rate: 'x' is no number"), (["--nix"], "usage"), (["word"], "no option")):
            done = subprocess.run([HITSIM, *options], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
