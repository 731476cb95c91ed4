#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes hitctl.1 of its frame and of what hitctl says of itself: hitctl_man.py HITCTL FRAME > PAGE"""

import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import hitctl_help  # noqa: E402


def roff(text):
    """Text as troff takes it literally."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def describe(command):
    lines = [".SS " + roff(f"hitctl {command.name} {command.synopsis}".strip()), roff(command.help) + "."]
    for words, text in command.options:
        lines += [".TP", f".B {roff(words)}", roff(text)] if words else [roff(text)]
    return "\n".join(lines)


def main():
    hitctl, template = sys.argv[1:3]
    with open(template, encoding="utf-8") as file:
        page = file.read()
    described = (describe(hitctl_help.Command(hitctl, name)) for name in hitctl_help.commands(hitctl))
    sys.stdout.write(page.replace("@COMMANDS@", "\n".join(described)))


if __name__ == "__main__":
    main()
