#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes hitctl's bash completion of what it says of itself: hitctl_completion.py HITCTL > FILE"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import hitctl_help  # noqa: E402

FRAME = """\
# bash completion for hitctl(1), made of its command tables
# shellcheck shell=bash disable=SC2207

_hitctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word words=() i
    COMPREPLY=()
    case $prev in
    --config | --*-file | --from) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac
    # The command's words: what is no option of every command, nor its argument.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
        --config | --who | --authority) ((i++)) ;;
        -*) ;;
        *) words+=("$word") ;;
        esac
    done
    local options="@COMMON@" next=""
    case "${words[*]}" in
@CASES@
    "") next="@FIRST@" ;;
    *) COMPREPLY=($(compgen -f -- "$cur")) ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$cur"))
    elif [[ -n $next ]]; then
        COMPREPLY=($(compgen -W "$next" -- "$cur"))
    fi
}
complete -F _hitctl hitctl
"""


def main():
    hitctl = sys.argv[1]
    names = hitctl_help.commands(hitctl)
    first, groups, cases = [], {}, []
    for name in names:
        group, _, verb = name.partition(" ")
        if group not in first:
            first.append(group)
        if verb:
            groups.setdefault(group, []).append(verb)
    for name in names:
        options = [words.split()[0] for words, _ in hitctl_help.Command(hitctl, name).options if words]
        cases.append(f'    "{name}" | "{name} "*) options+=" {" ".join(options)}" COMPREPLY=($(compgen -f -- "$cur")) ;;')
    for group, verbs in groups.items():
        cases.append(f'    "{group}") next="{" ".join(verbs)}" ;;')
    sys.stdout.write(FRAME.replace("@COMMON@", " ".join(hitctl_help.common_options(hitctl)))
                     .replace("@CASES@", "\n".join(cases)).replace("@FIRST@", " ".join(first)))


if __name__ == "__main__":
    main()
