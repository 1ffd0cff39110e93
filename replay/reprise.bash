# SPDX-License-Identifier: BSD-2-Clause
# bash completion for reprise(1): source this file, or install it as /usr/share/bash-completion/completions/reprise.

_reprise()
{
	local word=$2 before=$3 verbs="run record replay debug query core checkpoint trace stat report corpus diff info verify explain help"
	local options="--kernel --initrd --append --multiboot --module --flat --workload --memory --cpu --console --name
		--weight --rtc --timeout --pace --clock --seed --script --quantum --ips --intercept --map-4k --digest --report --keep
		--iso --gdb --verbose --help --usage"

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$word")
		return
	fi
	case ${COMP_WORDS[1]} in
	record) options="$options --output --journal-size --until-fail --runs" ;;
	replay) options="--from --until --vm --symbols --symbols-at --timeout --report --keep --verbose --help --usage" ;;
	trace) options="--json --level --format --output --from --to --vm --reason --port --msr --rip --symbols --symbols-at --timeout --help --usage" ;;
	checkpoint) options="--every --help --usage" ;;
	debug) options="--listen --command --symbols --symbols-at --from --checkpoint-memory --help --usage" ;;
	query) options="--symbols --symbols-at --from --json --checkpoint-memory --help --usage" ;;
	core) options="--at --output --help --usage" ;;
	report) options="--output --symbols --symbols-at --help --usage" ;;
	corpus) options="--output --timeout --symbols --symbols-at --help --usage" ;;
	stat) options="--json --symbols --symbols-at --help --usage" ;;
	info) options="--events --help --usage" ;;
	diff | verify) options="--help --usage" ;;
	esac
	case ${COMP_WORDS[1]}:$word in
	replay:-* | debug:-* | query:-* | core:-* | trace:-* | checkpoint:-* | stat:-* | report:-* | corpus:-* | info:-* | diff:-* | verify:-*) ;;
	replay:* | debug:* | query:* | core:* | trace:* | checkpoint:* | stat:* | report:* | corpus:* | info:* | diff:* | verify:*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -X "!*.rpl" -- "$word")
		return
		;;
	esac
	# bash splits --option=value into three words.
	if [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	elif [ "$word" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 1]}
		word=
	fi
	case $before in
	--kernel | --initrd | --multiboot | --module | --flat | --workload | --report | --iso | --script | --output | -o)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	--cpu) mapfile -t COMPREPLY < <(compgen -W "base avx" -- "$word") ;;
	--pace) mapfile -t COMPREPLY < <(compgen -W "real fast" -- "$word") ;;
	--clock) mapfile -t COMPREPLY < <(compgen -W "virtual host" -- "$word") ;;
	--intercept) mapfile -t COMPREPLY < <(compgen -W "all exceptions rdtsc cr3 invlpg pause" -- "$word") ;;
	--console)
		compopt -o nospace
		mapfile -t COMPREPLY < <(compgen -W "stdio file: tcp:" -- "$word")
		;;
	--append | --memory | --name | --weight | --rtc | --timeout | --seed | --quantum | --ips) ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
	esac
}
complete -F _reprise reprise
