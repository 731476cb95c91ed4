#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes hitctl.1 of its frame and of what hitctl says of itself: hitctl_man.py HITCTL FRAME > PAGE"""

import re
import subprocess
import sys


def ask(hitctl, *words):
    return subprocess.run([hitctl, *words, "--help"], capture_output=True, text=True, check=True).stdout


def roff(text):
    """Text as troff takes it literally."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def commands(hitctl):
    overview = ask(hitctl).partition("commands:\n")[2].partition("\n\n")[0]
    return [re.split(r"  +", line.strip())[0] for line in overview.splitlines()]


def describe(hitctl, command):
    text = ask(hitctl, *command.split())
    usage, _, rest = text.partition("\n\n")
    help_text, _, options = rest.partition("options:\n")
    synopsis = usage.removeprefix(f"usage: hitctl {command}").strip()
    lines = [".SS " + roff(f"hitctl {command} {synopsis}".strip()), roff(help_text.strip()) + "."]
    for line in options.splitlines():
        found = re.match(r"  (--\S+(?: \S+)?)  +(.*)", line)
        if found:
            lines += [".TP", f".B {roff(found.group(1))}", roff(found.group(2))]
        elif line.strip():
            lines.append(roff(line.strip()))
    return "\n".join(lines)


def main():
    hitctl, template = sys.argv[1:3]
    with open(template, encoding="utf-8") as file:
        page = file.read()
    page = page.replace("@COMMANDS@", "\n".join(describe(hitctl, command) for command in commands(hitctl)))
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
