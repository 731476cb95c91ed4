#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job from end to end, on this machine: a broker, a Redis, hitstreamd, watchlists loaded with hitctl, the
# reads of five made-up forces' cameras within the last hour, told in a minute, and the alerts as their desks get
# them: a vehicle crosses three forces and is acknowledged, one that nobody answers goes up the chain, one is
# taken off its list; a courier comes back from its market town through three forces with another vehicle beside it,
# a plate is at two places at once, and a camera turns out to stand where the register does not say.
#
#   config/demo.sh [--seconds N] [--rate N] [--kafka HOST:PORT] [--seed N]
#
#   --seconds N         how long reads are streamed (75, at least 30); Ctrl-C ends it sooner
#   --rate N            reads a second (200)
#   --kafka HOST:PORT   a broker of yours instead of one of the demo's own
#   --seed N            other vehicles
#
# Everything is kept in build/; nothing is left running. What is missing is installed when run as root.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
run=$root/build/demo
seconds=75 rate=200 kafka='' seed=$((RANDOM + 1)) listed=30 hour_s=3300
pids=() feeder='' tail_pid='' stopped=''

usage() { sed -n '9,16s/^# \{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
    case "$1" in
    --seconds | --rate | --kafka | --seed)
        [ $# -ge 2 ] || { echo "demo: $1 needs a value" >&2; exit 2; }
        ;;&
    --seconds) seconds=$2; shift 2 ;;
    --rate) rate=$2; shift 2 ;;
    --kafka) kafka=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) echo "demo: unknown option '$1'" >&2; usage >&2; exit 2 ;;
    esac
done
case "$seconds$rate$seed" in
*[!0-9]*) echo "demo: --seconds, --rate and --seed are whole numbers" >&2; exit 2 ;;
esac
if [ "$seconds" -lt 30 ] || [ "$rate" -lt 1 ]; then
    echo "demo: at least 30 seconds and 1 read a second" >&2
    exit 2
fi

if [ -t 1 ]; then
    bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m' colour=1
else
    bold='' dim='' plain='' colour=0
fi
title() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }
story() { printf '%s>>> %s%s\n' "$bold" "$*" "$plain"; }
fail() {
    echo "demo: $*" >&2
    exit 1
}

# begin NAME COMMAND...: in the background, out of reach of Ctrl-C, never outliving this script. Sets `began`.
begin() {
    local name=$1
    shift
    setsid setpriv --pdeathsig KILL -- "$@" >>"$run/log/$name" 2>&1 </dev/null &
    began=$!
    pids+=("$began")
}

# halt PID SECONDS: asks it and its children to end, then ends them.
halt() {
    local i
    kill -TERM -- "-$1" 2>/dev/null || return 0
    for ((i = 0; i < $2 * 20; i++)); do
        kill -0 -- "-$1" 2>/dev/null || return 0
        sleep 0.05
    done
    kill -KILL -- "-$1" 2>/dev/null || true
}

cleanup() {
    local i
    trap '' INT TERM
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        halt "${pids[i]}" 10
    done
    wait 2>/dev/null || true
}
trap cleanup EXIT
trap 'stopped=1' INT TERM

free_port() { # one that nobody listens on; what the kernel hands out by itself lies above 32767
    local port
    for _ in $(seq 100); do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    fail "no free port"
}

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
    local limit=$1 what=$2 end=$((SECONDS + $1)) log
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ -z "$stopped" ] || exit 130
        if [ "$SECONDS" -ge "$end" ]; then
            for log in "$run"/log/*; do tail -n 15 "$log" >&2; done
            fail "$what did not come up within $limit s"
        fi
        sleep 0.1
    done
}

hitctl() { "$root/build/release/daemon/hitctl/hitctl" --config "$run/hitstream.yaml" --who demo "$@"; }
quietly() { # WHAT COMMAND...: one line of result, all of it in a log
    local what=$1 log=$run/log/setup
    shift
    if ! "$@" >"$log.last" 2>&1; then
        tail -n 20 "$log.last" >&2
        fail "$what: failed"
    fi
    cat "$log.last" >>"$log"
    note "$what: $(tail -n 1 "$log.last")"
}
page() { # an admin page, with its head
    exec 3<>"/dev/tcp/127.0.0.1/$admin_port" || return 1
    printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
    cat <&3
    exec 3>&-
}
ready() { # a Kafka of yours may remember the Redis of an earlier demo: a person would confirm that this one is right
    local said anchor
    said=$(page /readyz) || return 1
    anchor=$(sed -n "s/.*behind its audit anchor '\([^']*\)'.*/\1/p" <<<"$said" | head -n 1)
    [ -z "$anchor" ] || hitctl --authority 'demo with a new Redis' confirm "$anchor" >>"$run/log/setup" 2>&1 || true
    [[ $said == *' 200 '* ]]
}

# ------------------------------------------------------------------ build

config/packages.sh demo
title "Building hitstream (release)"
mkdir -p build
if ! { cmake -G Ninja -S . -B build/release -DHS_FLAVOUR=release &&
    ninja -C build/release hitstreamd hitctl hitsim; } >build/demo-build.log 2>&1; then
    tail -n 30 build/demo-build.log >&2
    fail "the build failed"
fi
note "build/release"
rm -rf "$run"
mkdir -p "$run/log" "$run/lists" "$run/state" "$run/controls"

# ------------------------------------------------------------------ a broker and a Redis

title "Starting Kafka and Redis on loopback"
if [ -z "$kafka" ]; then
    folder=$(HS_KAFKA_DIR=${HS_KAFKA_DIR:-$root/build/kafka} config/kafka-fetch.sh)
    port=$(free_port)
    kafka=127.0.0.1:$port
    begin kafka config/kafka-run.sh "$folder" "$run/kafka" "$port" "$(free_port)"
    await 60 Kafka bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
    note "Apache Kafka $(basename "$folder") on $kafka"
else
    note "your Kafka on $kafka"
fi
redis_port=$(free_port)
begin redis config/redis-run.sh --port "$redis_port" --bind 127.0.0.1 --dir "$run" --save '' --appendonly no \
    --unixsocket "$run/redis.sock"
await 20 Redis test -S "$run/redis.sock"
note "Redis on $run/redis.sock"

# ------------------------------------------------------------------ hitstream

title "Setting up hitstream"
umask 077
for key in id token; do
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$run/$key.key"
done
umask 022
admin_port=$(free_port)
cat >"$run/hitstream.yaml" <<CONF
instance: demo
kafka:
  bootstrap: $kafka
redis:
  socket: $run/redis.sock
keys:
  id_file: $run/id.key
  token_file: $run/token.key
state_dir: $run/state
admin:
  listen: 127.0.0.1:$admin_port
  socket: $run/admin.sock
CONF

# hitsim world, the last hour of it; the same each time it is called
now_s=$(date +%s)
world() {
    "$root/build/release/bench/hitsim/hitsim" world --seed "$seed" --listed "$listed" --listed-pause-s 300 --hour 9 \
        --late-s 300 --vehicles 100000 --start-ms "$(((now_s - hour_s) * 1000))" --seconds "$hour_s" \
        --rate "$(awk "BEGIN { print $rate * $seconds / $hour_s }")" "$@"
}
# A few vehicles whose story is known, over the same cameras: days of a courier that end in this hour, a clone, and
# those that pass a camera of which the register is wrong.
scene() {
    "$root/build/release/bench/hitsim/hitsim" scene --start-ms "$(((now_s - hour_s) * 1000))" --seconds "$hour_s" "$@"
}
# Who plays which part, as the truth of that hour has it: A crosses three forces, nobody will answer B, C will be
# found. A line a part: letter and plate; fails when there is nobody for one.
cast() {
    awk -F'"' -v from="$(((now_s - hour_s) * 1000))" -v span="$((hour_s * 1000))" '
        FILENAME ~ /csv$/ { sub(/,.*/, "", $1); twice[$1] = 1; next } # at risk, too: it would stay listed
        $4 == "passage" && $31 ~ /true/ {
            at = substr($29, 2) - from
            vrm = $10
            list[vrm] = $14
            if (!(vrm in first)) first[vrm] = at
            passes[vrm]++
            if ((vrm, $26) in seen) next
            seen[vrm, $26] = 1
            forces[vrm]++
            when[vrm, forces[vrm]] = at
            sites[vrm, forces[vrm]] = passes[vrm]
        }
        END {
            for (vrm in first) # crosses three forces in good time, and goes on
                if (list[vrm] == "county-lines" && forces[vrm] >= 3 && when[vrm, 3] < 0.75 * span &&
                    passes[vrm] - sites[vrm, 3] >= 2 && (a == "" || vrm < a)) a = vrm
            for (vrm in first) {
                if (list[vrm] == "county-lines" && vrm != a && first[vrm] < 0.4 * span && passes[vrm] >= 2 &&
                    (b == "" || vrm < b)) b = vrm
                if (list[vrm] == "stolen" && !(vrm in twice) && forces[vrm] >= 2 && when[vrm, 2] < 0.5 * span &&
                    (c == "" || vrm < c)) c = vrm
            }
            if (a == "" || b == "" || c == "") exit 1
            print "A", a
            print "B", b
            print "C", c
        }' "$run/lists/safeguarding.csv" "$run/plan.jsonl"
}
tries=0
until world --truth "$run/plan.jsonl" --lists "$run/lists" --controls "$run/controls" >/dev/null 2>"$run/hitsim" &&
    parts=$(cast); do # a quiet hour: take another
    seed=$((seed + 1)) tries=$((tries + 1))
    [ "$tries" -lt 200 ] || fail "hitsim's world has no story: $(cat "$run/hitsim")"
done
part() { awk -v part="$1" '$1 == part { print $2 }' <<<"$parts"; }
crosser=$(part A) unanswered=$(part B) withdrawn=$(part C)
scene --past --lists "$run/lists" --controls "$run/controls" --names "$run/names" >"$run/past.jsonl"
plays() { awk -v part="$1" '$1 == part { print $2 }' "$run/names"; }
courier=$(plays courier) escort=$(plays escort) cloned=$(plays cloned) wrong=$(plays camera)
cp config/demo/rules.yaml "$run/controls/rules.yaml"
awk '{ print } /^  joint-lines:/ { print "    acknowledge_within_ms: 12000\n    escalate_to: [kingsmere-control]" }' \
    "$run/controls/queues.yaml" >"$run/queues.yaml" && mv "$run/queues.yaml" "$run/controls/queues.yaml"
quietly 'controls (camera register, queues, rules)' \
    hitctl --authority demo controls activate "$run/controls"
quietly 'topics' hitctl topics create --reads-from end --force
begin hitstreamd build/release/daemon/hitstreamd/hitstreamd --config "$run/hitstream.yaml"
daemon=$began
await 60 hitstreamd ready
note "hitstreamd is ready, process $daemon, http://127.0.0.1:$admin_port/metrics"

title "Loading the watchlists"
while IFS=$'\t' read -r list owner kind status name; do
    hitctl --authority "demo $list" list create "$list" --title "$name" --owner-force "$owner" --purpose demonstration \
        "--$kind" --status "$status" >>"$run/log/setup"
    said=$(hitctl --authority "demo $list" list load "$list" "$run/lists/$list.csv" --replace --wait)
    printf '  %-13s %s %s, %s, of %s; %s\n' "$list" "$(grep -c . "$run/lists/$list.csv" | awk '{ print $1 - 1 }')" \
        "vehicles" "$kind" "$owner, $status" "$(tail -n 1 <<<"$said")"
done <"$run/lists/lists.tsv"

# ------------------------------------------------------------------ the days before

title "What some cameras kept while their lines were down: $(grep -c . "$run/past.jsonl") reads of the last days"
story "they are too old for a live desk: intelligence desks have them, and what is learnt from them stays"
stored() { scene --past --pace 1 | hitctl reads produce - --linger-ms 5; }
past_from=$(date -u +%FT%TZ)
quietly 'reads of the last days' stored
told_of() { # PLATE PATTERN: the first finding of that vehicle in the intelligence desk's queue
    timeout 3 "$root/build/release/daemon/hitctl/hitctl" --config "$run/hitstream.yaml" --who demo alerts tail \
        joint-lines-intel --from "$past_from" 2>/dev/null >"$run/intel" || true
    awk -v plate="$1" -v pattern="$2" '
        /^[a-z0-9-]+: |^[0-9]+ [A-Z]/ { of = index($0, plate) }
        of && $0 ~ "^    found: .*" pattern { sub("^    found: ", ""); print; exit }' "$run/intel"
}
found=$(told_of "$courier" 'like a courier')
[ -z "$found" ] || story "an intelligence desk is told: $courier $found"

# ------------------------------------------------------------------ the stream

queues='northvale-control eastmoor-control southlea-control westbrook-control kingsmere-control joint-lines lantern-desk'
title "The last hour's reads in $seconds s, about $rate a second; alerts as the desks get them (Ctrl-C ends)"
story "$crosser is on the county-lines list and crosses three forces' areas; the joint desk acknowledges it"
story "$unanswered is on it as well; nobody acknowledges it, so after 12 s it goes up the chain"
story "$withdrawn is listed as stolen; it is found, and taken off its list"
story "$courier was in the same market town on three nights, and is on its way back to the city; $escort is beside it"
story "$cloned is a listed plate that two vehicles bear; and camera $wrong stands elsewhere than the register says"
: >"$run/alerts"
# shellcheck disable=SC2086
setsid setpriv --pdeathsig KILL -- "$root/build/release/daemon/hitctl/hitctl" --config "$run/hitstream.yaml" \
    alerts tail $queues --from "$(date -u +%FT%TZ)" --summary 2>"$run/summary" </dev/null > >(
    trap '' INT
    tee "$run/alerts" | awk -v colour="$colour" -v mine="$crosser $unanswered $withdrawn $courier $cloned" '
        BEGIN {
            n = split("36 33 35 32 31 34 37", shades, " ")
            m = split(mine, names, " ")
        }
        /^[a-z0-9-]+: / {
            queue = $1
            sub(/^[^ ]+ [0-9]+ [A-Z][a-z]+ /, "") # queue and day
            if (!(queue in shade)) shade[queue] = shades[++seen > n ? n : seen]
            star = " "
            for (i = 1; i <= m; i++) if (index($0, names[i])) star = "*"
            if (colour) printf "\033[1;%sm%-19s\033[0m%s %s\n", shade[queue], queue, star, $0
            else printf "%-19s%s %s\n", queue, star, $0
            fflush(); next
        }
        !/^    (border|stand down|queue|answered|read as)/ { next } # the rest is in build/demo/alerts
        colour { printf "\033[2m%s\033[0m\n", $0; fflush(); next }
        { print; fflush() }'
) &
tail_pid=$!
pids+=("$tail_pid")
export -f world scene
export root run seed listed hour_s rate seconds now_s
# shellcheck disable=SC2016
begin feeder bash -c 'world --pace "$(awk "BEGIN { print $hour_s / $seconds }")" --truth "$run/truth.jsonl" 2>"$run/hitsim" |
    "$root/build/release/daemon/hitctl/hitctl" --config "$run/hitstream.yaml" reads produce - --linger-ms 5 2>&1'
feeder=$began
# shellcheck disable=SC2016
begin scene bash -c 'scene --pace "$(awk "BEGIN { print $hour_s / $seconds }")" |
    "$root/build/release/daemon/hitctl/hitctl" --config "$run/hitstream.yaml" reads produce - --linger-ms 5 2>&1'

# alerts_of QUEUE PLATE: ids of what that desk was told of this vehicle, oldest first
alerts_of() {
    awk -v queue="$1:" -v plate="$2" '
        /^[a-z0-9-]+: / { hit = $1 == queue && index($0, plate); next }
        hit && /^    alert [0-9a-f]/ { sub(/,.*/, "", $2); print $2 }' "$run/alerts" 2>/dev/null
}
told_by() { # PLATE: how many of the forces' control rooms were told of it
    awk -v plate="$1" '/^[a-z]+-control: / && index($0, plate) && !($1 in seen) { seen[$1] = 1; n++ } END { print n + 0 }' \
        "$run/alerts" 2>/dev/null
}
acknowledged='' silenced='' dropped='' up='' wrong_camera=''
said='' # findings that were pointed out
finding() { # NAME PLATE PATTERN TEXT: says so when the desks have it
    if [[ " $said " != *" $1 "* ]] && awk -v plate="$2" -v pattern="$3" '
        /^[a-z0-9-]+: / { of = index($0, plate) }
        of && $0 ~ "^    found: .*" pattern { good = 1 }
        END { exit !good }' "$run/alerts"; then
        said="$said $1"
        story "$4"
    fi
}
answer() { # VERB PLATE OPTION...: what the joint desk says of its last alert about that vehicle
    local verb=$1 alert
    alert=$(alerts_of joint-lines "$2" | tail -n 1)
    shift 2
    [ -n "$alert" ] && hitctl alerts "$verb" joint-lines "$alert" --wait "$@" >>"$run/log/setup" 2>&1
}
act() { # what people do when they see it
    if [ -z "$acknowledged" ] && answer ack "$crosser" --note 'watching it'; then
        acknowledged=1
        story "the joint desk acknowledges $crosser: that silences every chain, nobody is waited for until it expires"
    fi
    if [ -z "$silenced" ] && [ "$(told_by "$crosser")" -ge 3 ] && answer silence "$crosser" --for 2h; then
        sleep 0.5 # what was on its way
        silenced=$(alerts_of joint-lines "$crosser" | grep -c .)
        story "$crosser was seen by three forces; the joint desk wants no updates either: only a border crossed will be told"
    fi
    if [ -z "$dropped" ] && [ "$(told_by "$withdrawn")" -ge 2 ]; then
        dropped=1
        hitctl --authority 'demo, found' list drop stolen "$withdrawn" --wait >>"$run/log/setup" 2>&1
        story "$withdrawn was found and is taken off its list: every desk that was told stands down"
    fi
    if [ -z "$up" ] && grep -q "$unanswered.*NOBODY ANSWERED" "$run/alerts"; then
        up=1
        story "nobody answered $unanswered in time: it went up the chain"
    fi
    finding convoy "$courier" "travels with $escort" "$escort travels with $courier, far more often than traffic explains"
    finding clone "$cloned" 'two places' "$cloned is at two places at once: a clone, more likely than a misread"
    if [ -z "$wrong_camera" ] && page /metrics | grep -q '^hitstream_camera_faults{.*kind="place".*} [1-9]' &&
        hitctl cameras list 2>/dev/null | grep -q "$wrong"; then
        wrong_camera=1
        story "several vehicles contradict themselves at camera $wrong: it is the camera, and its word counts no more"
    fi
}
while kill -0 "$feeder" 2>/dev/null && [ -z "$stopped" ]; do
    kill -0 "$daemon" 2>/dev/null || { tail -n 20 "$run/log/hitstreamd" >&2; fail "hitstreamd ended"; }
    act
    sleep 0.2 || true
done
[ -z "$stopped" ] || halt "$feeder" 5
wait "$feeder" 2>/dev/null || true
sleep 1.5 || true # the last read's alert
act
halt "$tail_pid" 5
wait "$tail_pid" 2>/dev/null || true
sleep 0.2

# ------------------------------------------------------------------ summary

metric() { # the sum of a metric's series
    page /metrics | awk -v name="$1" '$1 == name || index($1, name "{") == 1 { sum += $2 } END { printf "%d", sum }'
}
count() { # lines of the truth or of the alerts, as a number
    grep -c "$1" "$2" 2>/dev/null || true
}
title "Summary"
passed=$(count "\"truth\":\"passage\".*\"vrm\":\"$crosser\"" "$run/truth.jsonl")
after="the hour ended before it was seen by three"
[ -z "$silenced" ] ||
    after="the joint desk was told $silenced times, and of borders alone once it had silenced it: $((
        $(alerts_of joint-lines "$crosser" | grep -c .) - silenced))"
printf '  %-22s %s\n' 'reads matched' "$(metric hitstream_reads_total)" \
    'listed vehicles passed' "$(count '"truth":"passage"' "$run/truth.jsonl") times" \
    'hits' "$(metric hitstream_hits_total), those of a list on trial included"
sed '/^read to alert/d; s/^/  /' "$run/summary"
printf '  %-22s %s\n' "$crosser" "passed $passed sites of $(told_by "$crosser") forces; $after" \
    "$unanswered" "nobody answered: $(count "$unanswered.*NOBODY ANSWERED" "$run/alerts") alert(s) up the chain" \
    "$withdrawn" "found: $(count "$withdrawn.*STAND DOWN" "$run/alerts") desk(s) stood down" \
    'in all' "$(count 'crossed the border' "$run/alerts") border alerts, $(count 'NOBODY ANSWERED' "$run/alerts") up the chain, \
$(count 'finding' "$run/alerts") findings"
note "alerts in full: build/demo/alerts, logs: build/demo/log, truth of the stream: build/demo/truth.jsonl"
halt "$daemon" 10
