# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion of kapsel. The tables come from docs/man/generate.

function __kapsel_no_verb
	set -l words (commandline -opc)
	test (count $words) -eq 1
end
function __kapsel_verb
	set -l words (commandline -opc)
	test (count $words) -gt 1; and test $words[2] = $argv[1]
end
function __kapsel_none
end
function __kapsel_file
	__fish_complete_path
end
function __kapsel_profile
	__fish_complete_suffix .jsonc
end
function __kapsel_topic
	kapsel list -q keys 2>/dev/null
	kapsel list -q errors 2>/dev/null
	__kapsel_profile
end
function __kapsel_list
	if contains syscalls (commandline -opc)
		kapsel list -q groups 2>/dev/null
	else
		printf '%s\n' syscalls groups capabilities errors keys
	end
end
function __kapsel_container
	if test (id -u) = 0
		command ls /run/kapsel 2>/dev/null
	else
		set -l base /run/user/(id -u)
		set -q XDG_RUNTIME_DIR; and set base $XDG_RUNTIME_DIR
		command ls $base/kapsel 2>/dev/null
	end
end

complete -c kapsel -f
complete -c kapsel -n __kapsel_no_verb -l help -d 'show the verbs'
complete -c kapsel -n __kapsel_no_verb -l version -d 'show the version'

# generated: tables
set -g __kapsel_verbs run check show explain doctor list schema
complete -c kapsel -n __kapsel_no_verb -a run -d 'Start one process under every restriction of its profile.'
complete -c kapsel -n __kapsel_no_verb -a check -d 'Reads profiles and shows everything that is wrong or weak in them. Starts nothing.'
complete -c kapsel -n __kapsel_no_verb -a show -d 'Shows what a profile, its parents and drop-ins come to.'
complete -c kapsel -n __kapsel_no_verb -a explain -d 'Say in plain words what a key, a code, a restriction or a whole profile means.'
complete -c kapsel -n __kapsel_no_verb -a doctor -d 'Show what this machine has for containers, and what to do about the rest.'
complete -c kapsel -n __kapsel_no_verb -a list -d 'Lists the words that profiles are written with.'
complete -c kapsel -n __kapsel_no_verb -a schema -d 'Prints the JSON schema of profiles, for editors.'
complete -c kapsel -n '__kapsel_verb run' -l dry-run -s n -d 'print the plan and change nothing'
complete -c kapsel -n '__kapsel_verb run' -l quiet -s q -d 'no last line after exit code 0'
complete -c kapsel -n '__kapsel_verb run' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb run' -a '(__kapsel_profile)'
complete -c kapsel -n '__kapsel_verb check' -l json -d 'one finding a line, as JSON'
complete -c kapsel -n '__kapsel_verb check' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb check' -a '(__kapsel_profile)'
complete -c kapsel -n '__kapsel_verb show' -l resolved -d 'fill every default in'
complete -c kapsel -n '__kapsel_verb show' -l origin -d 'say behind each value which file and line it comes from'
complete -c kapsel -n '__kapsel_verb show' -l json -d 'plain JSON; with --origin one value a line'
complete -c kapsel -n '__kapsel_verb show' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb show' -a '(__kapsel_profile)'
complete -c kapsel -n '__kapsel_verb explain' -l run -s r -x -a '(__kapsel_container)' -d 'the table of restrictions of the running container NAME'
complete -c kapsel -n '__kapsel_verb explain' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb explain' -a '(__kapsel_topic)'
complete -c kapsel -n '__kapsel_verb doctor' -l json -d 'one JSON object per line'
complete -c kapsel -n '__kapsel_verb doctor' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb doctor' -a '(__kapsel_none)'
complete -c kapsel -n '__kapsel_verb list' -l json -d 'one object a line'
complete -c kapsel -n '__kapsel_verb list' -l quiet -s q -d 'names only'
complete -c kapsel -n '__kapsel_verb list' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb list' -a '(__kapsel_list)'
complete -c kapsel -n '__kapsel_verb schema' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb schema' -a '(__kapsel_none)'
# end of generated
