# SPDX-License-Identifier: Apache-2.0
"""What hitctl says of itself, read back: its manual and its completion are made of it."""

import re
import subprocess


def ask(hitctl, *words):
    return subprocess.run([hitctl, *words, "--help"], capture_output=True, text=True, check=True).stdout


def commands(hitctl):
    """Every command in the order in which it is shown: 'list load', 'status'."""
    overview = ask(hitctl).partition("commands:\n")[2].partition("\n\n")[0]
    return [re.split(r"  +", line.strip())[0] for line in overview.splitlines()]


def common_options(hitctl):
    """The options that every command takes: '--config'."""
    block = ask(hitctl).partition("options of every command:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  (--[a-z-]+)", block, flags=re.M)


class Command:
    """One command: its synopsis, what it does, and its options as (words, help)."""

    def __init__(self, hitctl, name):
        usage, _, rest = ask(hitctl, *name.split()).partition("\n\n")
        text, _, options = rest.partition("options:\n")
        self.name = name
        self.synopsis = usage.removeprefix(f"usage: hitctl {name}").strip()
        self.help = text.strip()
        self.options = []  # words are "" where the help of the one before goes on
        for line in options.splitlines():
            found = re.match(r"  (--\S+(?: \S+)?)  +(.*)", line)
            if found:
                self.options.append((found.group(1), found.group(2)))
            elif line.strip():
                self.options.append(("", line.strip()))
