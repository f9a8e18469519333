# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion of kapsel-oci. The tables come from docs/man/generate.

# generated: tables
_kapsel_oci_verbs='create start run exec state kill delete list ps pause resume update events spec features checkpoint restore'
_kapsel_oci_options() {
	case "$1" in
	'') echo --root --log --log-format --log-level --debug --systemd-cgroup --cgroup-manager --rootless --criu --version -v --help -h ;;
	create) echo --bundle -b --config -f --console-socket --pid-file --pidfd-socket --no-pivot --no-new-keyring --preserve-fds --detach -d --help -h ;;
	start) echo --help -h ;;
	run) echo --bundle -b --config -f --console-socket --pid-file --pidfd-socket --no-pivot --no-new-keyring --preserve-fds --detach -d --keep --no-subreaper --help -h ;;
	exec) echo --process -p --detach -d --pid-file --console-socket --pidfd-socket --tty -t --user -u --additional-gids -g --cwd --env -e --cap -c --no-new-privs --apparmor --process-label --preserve-fds --cgroup --ignore-paused --help -h ;;
	state) echo --help -h ;;
	kill) echo --all -a --help -h ;;
	delete) echo --force -f --help -h ;;
	list) echo --format -f --quiet -q --help -h ;;
	ps) echo --format -f --help -h ;;
	pause) echo --help -h ;;
	resume) echo --help -h ;;
	update) echo --resources -r --memory --memory-reservation --memory-swap --kernel-memory --kernel-memory-tcp --cpu-share --cpu-shares --cpu-quota --cpu-period --cpu-burst --cpu-rt-period --cpu-rt-runtime --cpu-idle --cpuset-cpus --cpuset-mems --blkio-weight --pids-limit --l3-cache-schema --mem-bw-schema --help -h ;;
	events) echo --interval --stats --help -h ;;
	spec) echo --bundle -b --rootless --help -h ;;
	features) echo --help -h ;;
	esac
}
_kapsel_oci_operand() {
	case "$1" in
	create) echo none ;;
	start) echo container ;;
	run) echo none ;;
	exec) echo container ;;
	state) echo container ;;
	kill) echo container ;;
	delete) echo container ;;
	list) echo none ;;
	ps) echo container ;;
	pause) echo container ;;
	resume) echo container ;;
	update) echo container ;;
	events) echo container ;;
	spec) echo none ;;
	features) echo none ;;
	checkpoint) echo none ;;
	restore) echo none ;;
	esac
}
_kapsel_oci_value() {
	case "$1" in
	:--root) echo directory ;;
	:--log) echo file ;;
	:--log-format) echo text_json ;;
	:--log-level) echo none ;;
	:--cgroup-manager) echo none ;;
	:--rootless) echo true_false_auto ;;
	:--criu) echo file ;;
	create:--bundle|create:-b) echo directory ;;
	create:--config|create:-f) echo file ;;
	create:--console-socket) echo file ;;
	create:--pid-file) echo file ;;
	create:--pidfd-socket) echo file ;;
	create:--preserve-fds) echo none ;;
	run:--bundle|run:-b) echo directory ;;
	run:--config|run:-f) echo file ;;
	run:--console-socket) echo file ;;
	run:--pid-file) echo file ;;
	run:--pidfd-socket) echo file ;;
	run:--preserve-fds) echo none ;;
	exec:--process|exec:-p) echo file ;;
	exec:--pid-file) echo file ;;
	exec:--console-socket) echo file ;;
	exec:--pidfd-socket) echo file ;;
	exec:--user|exec:-u) echo none ;;
	exec:--additional-gids|exec:-g) echo none ;;
	exec:--cwd) echo none ;;
	exec:--env|exec:-e) echo none ;;
	exec:--cap|exec:-c) echo none ;;
	exec:--apparmor) echo none ;;
	exec:--process-label) echo none ;;
	exec:--preserve-fds) echo none ;;
	exec:--cgroup) echo file ;;
	list:--format|list:-f) echo table_json ;;
	ps:--format|ps:-f) echo table_json ;;
	update:--resources|update:-r) echo file ;;
	update:--memory) echo none ;;
	update:--memory-reservation) echo none ;;
	update:--memory-swap) echo none ;;
	update:--kernel-memory) echo none ;;
	update:--kernel-memory-tcp) echo none ;;
	update:--cpu-share) echo none ;;
	update:--cpu-shares) echo none ;;
	update:--cpu-quota) echo none ;;
	update:--cpu-period) echo none ;;
	update:--cpu-burst) echo none ;;
	update:--cpu-rt-period) echo none ;;
	update:--cpu-rt-runtime) echo none ;;
	update:--cpu-idle) echo 0_1 ;;
	update:--cpuset-cpus) echo none ;;
	update:--cpuset-mems) echo none ;;
	update:--blkio-weight) echo none ;;
	update:--pids-limit) echo none ;;
	update:--l3-cache-schema) echo none ;;
	update:--mem-bw-schema) echo none ;;
	events:--interval) echo none ;;
	spec:--bundle|spec:-b) echo directory ;;
	esac
}
# end of generated

# _kapsel_oci_offer KIND WORD: fills COMPREPLY
_kapsel_oci_offer() {
	local kind=$1 word=$2 words=''
	case $kind in
	container) words=$(kapsel-oci "${_kapsel_oci_root[@]}" list --quiet 2>/dev/null) ;;
	file) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	directory) mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
	none) return ;;
	*) words=${kind//_/ } ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

_kapsel_oci() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' at kind
	local -a _kapsel_oci_root=()
	COMPREPLY=()
	# The verb is the first word that is neither a global option nor the value of one.
	for ((at = 1; at < COMP_CWORD; at++)); do
		case ${COMP_WORDS[at]} in
		--rootless) ;;
		-*)
			[ "${COMP_WORDS[at]}" != --root ] || _kapsel_oci_root=(--root "${COMP_WORDS[at + 1]}")
			[ -z "$(_kapsel_oci_value ":${COMP_WORDS[at]}")" ] || ((at++))
			;;
		*)
			verb=${COMP_WORDS[at]}
			break
			;;
		esac
	done
	kind=$(_kapsel_oci_value "$verb:$before")
	if [ -n "$kind" ]; then
		_kapsel_oci_offer "$kind" "$word"
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_kapsel_oci_options "$verb")" -- "$word")
	elif [ -z "$verb" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$_kapsel_oci_verbs" -- "$word")
	else
		_kapsel_oci_offer "$(_kapsel_oci_operand "$verb")" "$word"
	fi
}

complete -F _kapsel_oci kapsel-oci
