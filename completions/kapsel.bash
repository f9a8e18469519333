# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion of kapsel. The tables come from docs/man/generate.

# generated: tables
_kapsel_verbs='run check show explain doctor list schema'
_kapsel_options() {
	case "$1" in
	run) echo --dry-run -n --quiet -q --help -h ;;
	check) echo --json --help -h ;;
	show) echo --resolved --origin --json --help -h ;;
	explain) echo --run -r --help -h ;;
	doctor) echo --json --help -h ;;
	list) echo --json --quiet -q --help -h ;;
	schema) echo --help -h ;;
	esac
}
_kapsel_operand() {
	case "$1" in
	run) echo profile ;;
	check) echo profile ;;
	show) echo profile ;;
	explain) echo topic ;;
	doctor) echo none ;;
	list) echo list ;;
	schema) echo none ;;
	esac
}
_kapsel_value() {
	case "$1" in
	explain:--run|explain:-r) echo container ;;
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
