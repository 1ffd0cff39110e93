#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/recording.sh BUILD: damaged, foreign and cut-off recordings: a clear message, never a crash, never another run.
# Ends in "N passed, N failed". FLIPS and KILLS (default 550 and 4) make it longer.
# seconds: 60
. "$(dirname "$0")/begin"
RANDOM=${SEED:-20}
look() { timeout -s KILL 60 "$build/reprise" "$@" >out 2>err; }
random() { echo $(((RANDOM << 30 | RANDOM << 15 | RANDOM) % $1)); }
# the last command ended as it should with bad input: refused, in one message that names the file
refused() { # STATUS
	[ "$1" = 121 ] && [ "$(grep -c . err)" -ge 1 ] && grep -q "$2" err
}

{ sleep 0.6; printf 'some words'; } | timeout 100 "$build/reprise" record -o good.rpl --kernel "$chance" --memory 16M --append 400 >good.txt 2>err
look verify good.rpl
good=$(cut -d: -f2- out)
verdict "there is a recording to damage" $?

# bits
bad=0 quiet=0
for _ in $(seq "${FLIPS:-550}"); do
	cp good.rpl x.rpl
	"$build/tests-flip" x.rpl "$(random $(($(stat -c %s x.rpl) * 8)))"
	look verify x.rpl
	status=$?
	if [ $status = 0 ]; then	# a bit that no member is made of, such as a time stamp
		[ "$(cut -d: -f2- out)" = "$good" ] || bad=$((bad + 1))
		quiet=$((quiet + 1))
	else
		refused $status x.rpl || bad=$((bad + 1))
	fi
done
[ $bad = 0 ] && [ $quiet -lt $((${FLIPS:-550} / 2)) ]
verdict "a flipped bit of the container is told, or changes nothing of what it holds" $?

# lengths
bad=0
for _ in $(seq 200); do
	head -c "$(random "$(stat -c %s good.rpl)")" good.rpl >x.rpl
	look verify x.rpl
	refused $? x.rpl || bad=$((bad + 1))
done
[ $bad = 0 ]
verdict "a container cut at 200 random bytes is told" $?
: >x.rpl
look replay x.rpl
refused $? x.rpl
verdict "an empty file is no recording" $?
look replay nowhere.rpl
refused $? 'No such file'
verdict "a file that is not there is named" $?
head -c 100000 /dev/urandom >x.rpl
look replay x.rpl
refused $? x.rpl
verdict "noise is no recording" $?

# members
mkdir m && tar --zstd -C m -xf good.rpl
change() { # SENTENCE WORDS-OF-THE-MESSAGE: after the members in m/ were changed
	pack m x.rpl
	look replay x.rpl
	refused $? "$2"
	verdict "$1" $?
	rm -rf m && mkdir m && tar --zstd -C m -xf good.rpl
}
sed -i 's/"format":2/"format":9/; s/"format": *2/"format":9/' m/recording.json
change "another format is refused by name" 'format 9'
sed -i 's/"build": *"..../"build":"0000/' m/recording.json
change "another build is refused by name" 'recorded by build 0000'
sed -i 's/"counter": *"[a-z0-9.-]*"/"counter":"pmc"/' m/recording.json
change "another counter is refused by name" "counter 'pmc'"
image=$(ls m/images | head -n 1)
rm "m/images/$image"
change "a missing image is named" "$image"
rm m/plan
change "a missing plan is named" 'member plan'
"$build/tests-flip" m/plan 700
change "a damaged plan is refused" 'plan'
printf '\n' >>m/plan
rm -f m/journal/0
change "a missing journal is named" 'journal/0'
"$build/tests-flip" "m/images/$image" 77
change "a damaged image is refused" 'does not match'
echo '{' >m/recording.json
change "a manifest that is no JSON is refused" 'no JSON'
mkdir m/extra; touch m/extra/member
(cd m && tar --zstd -cf ../x.rpl ./*)
look replay x.rpl
refused $? 'x.rpl'
verdict "members that are not listed are refused" $?
rm -rf m && mkdir m && tar --zstd -C m -xf good.rpl

# journals
cp m/journal/0 journal
blocks=$(($(stat -c %s journal) / 512)) bad=0
for n in $(seq 0 $((blocks - 1))); do
	head -c $((n * 512)) journal >m/journal/0
	pack m x.rpl
	look verify x.rpl && [ "$(grep -c "$n blocks" out)" = 1 ] || bad=1
	{ head -c $((n * 512)) journal; head -c $((1 + RANDOM % 511)) <(tail -c +$((n * 512 + 1)) journal); } >m/journal/0
	pack m x.rpl
	look verify x.rpl
	refused $? "block $n is torn at byte $((n * 512))" || bad=1
	look info x.rpl || bad=1	# not strict: what is whole counts
done
verdict "a journal cut between blocks is a shorter one, one cut within a block is told with block and byte" $bad
bad=0
for _ in $(seq 250); do
	cp journal m/journal/0
	"$build/tests-flip" m/journal/0 "$(random $((blocks * 4096)))"
	pack m x.rpl
	look verify x.rpl
	refused $? 'is torn at byte' || bad=1
done
verdict "a flipped bit of a journal is told with block and byte" $bad
cp m/plan plan
bad=0
for _ in $(seq 150); do
	cp plan m/plan
	"$build/tests-flip" m/plan "$(random $(($(stat -c %s plan) * 8)))"
	pack m x.rpl
	look verify x.rpl
	refused $? 'its plan is refused' || bad=1
done
cp plan m/plan
verdict "a flipped bit of the plan is told" $bad
cp journal m/journal/0
cp m/states/0 states
bad=0
for _ in $(seq 50); do
	cp states m/states/0
	"$build/tests-flip" m/states/0 "$(random $(($(stat -c %s states) * 8)))"
	pack m x.rpl
	look verify x.rpl
	refused $? 'states/0: the state at byte' || bad=1
done
cp states m/states/0
verdict "a flipped bit of a state is told with its byte" $bad
"$build/tests-perturb" --kind journal m/journal/0
pack m x.rpl
look verify x.rpl
refused $? 'unknown kind'
verdict "a sealed block with a record of an unknown kind is told" $?
"$build/tests-perturb" --position journal m/journal/0
pack m x.rpl
look verify x.rpl
refused $? 'impossible value'
verdict "a sealed block with an impossible position is told" $?
tail -c +513 journal >m/journal/0
pack m x.rpl
look verify x.rpl
refused $? 'sequence number'
verdict "a journal without its first block is told" $?

# a full disk, in a mount namespace of our own where that is allowed
if unshare -rm true 2>/dev/null; then
	mkdir fs
	export build chance
	# shellcheck disable=SC2016
	unshare -rm sh -c 'mount -t tmpfs -o size=64k none fs && cd fs && { timeout -s KILL 100 "$build/reprise" record -o f.rpl --kernel "$chance" --memory 16M \
		--append 6000 --clock host --quantum 10000 </dev/null >../disk.txt 2>../err; echo $? >../status; cp -p --sparse=always f.rpl f.rpl.journal ..; }' 2>>err
	look replay f.rpl
	[ $? = 0 ] && [ "$(cat status)" = 123 ] && [ -s out ] && cmp -s -n "$(stat -c %s out)" out disk.txt && grep -q 'the recording ends here' err
	verdict "on a full disk the VM stops, and what was written replays" $?
fi

# killed at a random moment: Bochs or reprise itself
bad=0 replayed=0 early=0
for i in $(seq "${KILLS:-4}"); do
	rm -f k.rpl*
	{ sleep 0.3; while printf x 2>/dev/null; do sleep 0.05; done; } | "$build/reprise" record -o k.rpl --kernel "$chance" --memory 16M --append 3000 --clock host >killed.txt 2>kill.err &
	tool=$!	# the last of the pipeline
	sleep "0.$((RANDOM % 9 + 1))"
	[ "$((RANDOM % 2))" = 0 ] || sleep 1.$((RANDOM % 9))
	if [ $((i % 2)) = 0 ]; then
		kill -9 "$tool" 2>/dev/null
	else
		kill -9 "$(pgrep -P "$tool" | head -n 1)" 2>/dev/null || kill -9 "$tool" 2>/dev/null
	fi
	wait $tool 2>/dev/null
	[ -e k.rpl ] || { early=$((early + 1)); continue; }	# killed before anything was recorded
	timeout -s KILL 100 "$build/reprise" replay k.rpl >out 2>err
	status=$?
	# what was on its way to the console when all ended is in the one or the other only
	common=$(stat -c %s out killed.txt | sort -n | head -n 1)
	if [ $status != 0 ] || ! cmp -s -n "$common" out killed.txt; then
		bad=$((bad + 1))
		echo "kill $i: status $status"; cat err
	fi
	grep -q 'the recording ends here' err && replayed=$((replayed + 1))
done
echo "kills: ${KILLS:-4}, before anything was recorded: $early, replayed: $replayed"
[ $bad = 0 ] && [ $replayed -gt 0 ] && [ $((replayed + early)) = "${KILLS:-4}" ]
verdict "killed at random moments: what was written replays" $?
finish
