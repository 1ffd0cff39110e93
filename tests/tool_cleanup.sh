#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# However `reprise run` ends, nothing of it is left: no Bochs, no temporary directory, no lock file. The guest is a flat
# image that never ends. tests/tool_cleanup.sh BUILD
# seconds: 43
set -u
reprise=$(realpath "$1/reprise")
work=$(mktemp -d)
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
printf '\xeb\xfe' >hang.flat
passed=0
failed=0

# The process ids of the Bochs whose working directory is in our TMPDIR.
our_bochs()
{
	local p
	for p in /proc/[0-9]*; do
		case $(readlink "$p/cwd" 2>/dev/null) in
		"$TMPDIR"/*) echo "${p#/proc/}" ;;
		esac
	done
}

# until_true SECONDS COMMAND...: waits until the command is true.
until_true()
{
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

no_bochs()
{
	[ -z "$(our_bochs)" ]
}

# verdict NAME WANTED_STATUS STATUS: what is left after a run?
verdict()
{
	local problem=
	[ "$2" = "$3" ] || problem="exit status $3, not $2"
	until_true 5 no_bochs || problem="$problem; Bochs lives: $(our_bochs)"
	[ -z "$(ls -A "$TMPDIR")" ] || problem="$problem; left behind: $(ls -A "$TMPDIR")"
	if [ -z "$problem" ]; then
		echo "ok: $1"
		passed=$((passed + 1))
	else
		echo "FAILED: $1: ${problem#; }"
		sed 's/^/    /' err
		failed=$((failed + 1))
	fi
	rm -rf "${TMPDIR:?}"/*
}

has_bochs()
{
	[ -n "$(our_bochs)" ]
}

guest_runs()
{
	grep -qs started err
}

# signalled NAME SIGNAL STATUS MOMENT: sends SIGNAL when MOMENT has come.
signalled()
{
	rm -f err	# what it said before is not what it says now
	# Job control: an asynchronous command would ignore SIGINT.
	set -m
	"$reprise" run --flat hang.flat --verbose --timeout 60 </dev/null >out 2>err &
	local pid=$! status
	set +m
	until_true 30 "$4" || echo "    never came to: $4"
	kill "-$2" $pid
	wait $pid 2>/dev/null
	status=$?
	[ "$2" != KILL ] || until_true 5 no_bochs
	if [ "$2" = KILL ] && no_bochs; then
		# Nobody could clean up; the next run does.
		REPRISE_BOCHS=$work/none "$reprise" run --flat hang.flat </dev/null >out 2>err
	fi
	verdict "$1" "$3" $status
}

for signal in INT:130 TERM:143 HUP:129 QUIT:131 KILL:137; do
	signalled "SIG${signal%:*} while Bochs starts" "${signal%:*}" "${signal#*:}" has_bochs
	signalled "SIG${signal%:*} while the guest runs" "${signal%:*}" "${signal#*:}" guest_runs
done

"$reprise" run --flat hang.flat --timeout 2 </dev/null >out 2>err
verdict "a guest that hangs: time-out" 124 $?
"$reprise" run --flat hang.flat --timeout 0.01 </dev/null >out 2>err
verdict "a time-out before Bochs could start" 124 $?

rm -f err
"$reprise" run --flat hang.flat --verbose --timeout 60 </dev/null >out 2>err &
pid=$!
until_true 30 guest_runs
kill -KILL $(our_bochs)
wait $pid
status=$?
grep -q "Bochs ended" err || status="$status and no message"
verdict "Bochs dies under the guest" 123 "$status"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
