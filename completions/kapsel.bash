# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion of kapsel. The tables come from docs/man/generate.

# generated: tables
_kapsel_verbs='run check show explain list schema doctor generate ps inspect logs events top stats enter stop restart kill wait update rm prune metrics monitor lab audit why learn import export'
_kapsel_options() {
	case "$1" in
	run) echo --detach -d --rm --dry-run -n --quiet -q --help -h ;;
	check) echo --json --help -h ;;
	show) echo --resolved --origin --json --help -h ;;
	explain) echo --run -r --help -h ;;
	list) echo --json --quiet -q --help -h ;;
	schema) echo --help -h ;;
	doctor) echo --json --help -h ;;
	generate) echo --name --files --help -h ;;
	ps) echo --all -a --quiet -q --no-trunc --json --format --filter -f --help -h ;;
	inspect) echo --help -h ;;
	logs) echo --follow -f --since --until --tail -n --timestamps -t --details --stream --grep --json --help -h ;;
	events) echo --follow -f --since --until --filter --json --format --help -h ;;
	top) echo --delay -d --once --help -h ;;
	stats) echo --all -a --no-stream --no-trunc --json --format --sample --columns --help -h ;;
	enter) echo --env -e --help -h ;;
	stop) echo --time -t --help -h ;;
	restart) echo --time -t --help -h ;;
	kill) echo --signal -s --help -h ;;
	wait) echo --help -h ;;
	update) echo --memory -m --memory-high --swap --cpu --cpu-weight --pids --help -h ;;
	rm) echo --force -f --logs --help -h ;;
	prune) echo --force -f --logs --help -h ;;
	metrics) echo --openmetrics --textfile --http --help -h ;;
	monitor) echo --all --warn-memory --crit-memory --warn-pids --crit-pids --max-restarts --help -h ;;
	lab) echo --json --lang --all --answers --html --open --allow --help -h ;;
	audit) echo --pid -p --rootfs -r --catalog -c --threshold -t --all -a --json --help -h ;;
	why) echo --json --help -h ;;
	learn) echo --output -o --merge --duration --quick --exact --no-limits --rootfs --user --network --help -h ;;
	import) echo --rootfs --name --output -o --output-dir --strict --json --help -h ;;
	export) echo --output -o --rootless --strict --help -h ;;
	esac
}
_kapsel_operand() {
	case "$1" in
	run) echo profile ;;
	check) echo profile ;;
	show) echo profile ;;
	explain) echo topic ;;
	list) echo list ;;
	schema) echo none ;;
	doctor) echo none ;;
	generate) echo profile ;;
	ps) echo none ;;
	inspect) echo container ;;
	logs) echo container ;;
	events) echo container ;;
	top) echo none ;;
	stats) echo container ;;
	enter) echo container ;;
	stop) echo container ;;
	restart) echo container ;;
	kill) echo container ;;
	wait) echo container ;;
	update) echo container ;;
	rm) echo container ;;
	prune) echo none ;;
	metrics) echo container ;;
	monitor) echo container ;;
	lab) echo file ;;
	audit) echo profile ;;
	why) echo container ;;
	learn) echo profile ;;
	import) echo none ;;
	export) echo profile ;;
	esac
}
_kapsel_value() {
	case "$1" in
	explain:--run|explain:-r) echo container ;;
	generate:--name) echo container ;;
	ps:--format) echo none ;;
	ps:--filter|ps:-f) echo none ;;
	logs:--since) echo none ;;
	logs:--until) echo none ;;
	logs:--tail|logs:-n) echo none ;;
	logs:--stream) echo none ;;
	logs:--grep) echo none ;;
	events:--since) echo none ;;
	events:--until) echo none ;;
	events:--filter) echo none ;;
	events:--format) echo none ;;
	top:--delay|top:-d) echo none ;;
	stats:--format) echo none ;;
	stats:--sample) echo none ;;
	stats:--columns) echo none ;;
	enter:--env|enter:-e) echo container ;;
	stop:--time|stop:-t) echo none ;;
	restart:--time|restart:-t) echo none ;;
	kill:--signal|kill:-s) echo none ;;
	update:--memory|update:-m) echo none ;;
	update:--memory-high) echo none ;;
	update:--swap) echo none ;;
	update:--cpu) echo none ;;
	update:--cpu-weight) echo none ;;
	update:--pids) echo none ;;
	metrics:--textfile) echo none ;;
	monitor:--warn-memory) echo none ;;
	monitor:--crit-memory) echo none ;;
	monitor:--warn-pids) echo none ;;
	monitor:--crit-pids) echo none ;;
	monitor:--max-restarts) echo none ;;
	lab:--html) echo file ;;
	lab:--open) echo none ;;
	lab:--allow) echo none ;;
	audit:--pid|audit:-p) echo none ;;
	audit:--rootfs|audit:-r) echo none ;;
	audit:--catalog|audit:-c) echo container ;;
	audit:--threshold|audit:-t) echo none ;;
	learn:--output|learn:-o) echo file ;;
	learn:--merge) echo file ;;
	learn:--duration) echo none ;;
	learn:--rootfs) echo none ;;
	learn:--user) echo none ;;
	learn:--network) echo none ;;
	import:--rootfs) echo none ;;
	import:--name) echo container ;;
	import:--output|import:-o) echo file ;;
	import:--output-dir) echo none ;;
	export:--output|export:-o) echo file ;;
	esac
}
# end of generated

_kapsel_running() {
	if [ "$(id -u)" = 0 ]; then
		ls /run/kapsel 2>/dev/null
	else
		ls "${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/kapsel" 2>/dev/null
	fi
}

# _kapsel_offer KIND WORD: fills COMPREPLY
_kapsel_offer() {
	local kind=$1 word=$2 words=''
	case $kind in
	container) words=$(_kapsel_running) ;;
	topic) words="$(kapsel list -q keys 2>/dev/null) $(kapsel list -q errors 2>/dev/null)" ;;
	list) words='syscalls groups capabilities errors keys' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	case $kind in
	profile | topic)
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -X '!*.jsonc' -- "$word")
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -S / -- "$word")
		compopt -o nospace 2>/dev/null
		;;
	file) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	esac
}

_kapsel() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]-} kind
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$_kapsel_verbs --help --version" -- "$word")
		return
	fi
	kind=$(_kapsel_value "$verb:$before")
	if [ -n "$kind" ]; then
		_kapsel_offer "$kind" "$word"
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_kapsel_options "$verb")" -- "$word")
	elif [[ $verb == list && $COMP_CWORD -gt 2 && " ${COMP_WORDS[*]} " == *" syscalls "* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(kapsel list -q groups 2>/dev/null)" -- "$word")
	else
		_kapsel_offer "$(_kapsel_operand "$verb")" "$word"
	fi
}

complete -F _kapsel kapsel
