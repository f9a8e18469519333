#compdef kapsel
# SPDX-License-Identifier: LGPL-2.1-or-later
# zsh completion of kapsel, to be installed as _kapsel. The tables come from docs/man/generate.

local -a _kapsel_verbs

_kapsel_none() { _message 'nothing more' }
_kapsel_file() { _files }
_kapsel_profile() { _files -g '*.jsonc(-.)' }
_kapsel_list() {
	if (( words[(I)syscalls] )); then
		compadd -- ${(f)"$(kapsel list -q groups 2>/dev/null)"}
	else
		compadd syscalls groups capabilities errors keys
	fi
}
_kapsel_topic() {
	compadd -- ${(f)"$(kapsel list -q keys 2>/dev/null; kapsel list -q errors 2>/dev/null)"}
	_kapsel_profile
}
_kapsel_container() {
	local directory=${XDG_RUNTIME_DIR:-/run/user/$UID}/kapsel
	(( EUID )) || directory=/run/kapsel
	compadd -- $directory/*(N/:t)
}

# generated: tables
_kapsel_verbs=(
	'run:Start one process under every restriction of its profile.'
	'check:Reads profiles and shows everything that is wrong or weak in them. Starts nothing.'
	'show:Shows what a profile, its parents and drop-ins come to.'
	'explain:Say in plain words what a key, a code, a restriction or a whole profile means.'
	'doctor:Show what this machine has for containers, and what to do about the rest.'
	'list:Lists the words that profiles are written with.'
	'schema:Prints the JSON schema of profiles, for editors.'
)
_kapsel_arguments() {
	case $1 in
	run)
		_arguments -s \
			'(--dry-run -n)--dry-run[print the plan and change nothing]' \
			'(--dry-run -n)-n[print the plan and change nothing]' \
			'(--quiet -q)--quiet[no last line after exit code 0]' \
			'(--quiet -q)-q[no last line after exit code 0]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:run:_kapsel_profile'
		;;
	check)
		_arguments -s \
			'--json[one finding a line, as JSON]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:check:_kapsel_profile'
		;;
	show)
		_arguments -s \
			'--resolved[fill every default in]' \
			'--origin[say behind each value which file and line it comes from]' \
			'--json[plain JSON; with --origin one value a line]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:show:_kapsel_profile'
		;;
	explain)
		_arguments -s \
			'(--run -r)--run[the table of restrictions of the running container NAME]:NAME:_kapsel_container' \
			'(--run -r)-r[the table of restrictions of the running container NAME]:NAME:_kapsel_container' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:explain:_kapsel_topic'
		;;
	doctor)
		_arguments -s \
			'--json[one JSON object per line]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:doctor:_kapsel_none'
		;;
	list)
		_arguments -s \
			'--json[one object a line]' \
			'(--quiet -q)--quiet[names only]' \
			'(--quiet -q)-q[names only]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:list:_kapsel_list'
		;;
	schema)
		_arguments -s \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:schema:_kapsel_none'
		;;
	esac
}
# end of generated

_kapsel() {
	if (( CURRENT == 2 )); then
		_describe -t verbs 'verb' _kapsel_verbs
		compadd -- --help --version
	else
		local verb=$words[2]
		shift words
		(( CURRENT-- ))
		_kapsel_arguments $verb
	fi
}

_kapsel "$@"
