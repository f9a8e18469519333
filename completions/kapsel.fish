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
set -g __kapsel_verbs run check show explain list schema doctor generate ps inspect logs events top stats enter stop restart kill wait update rm prune metrics monitor
complete -c kapsel -n __kapsel_no_verb -a run -d 'Starts one process under every restriction of its profile.'
complete -c kapsel -n __kapsel_no_verb -a check -d 'Reads profiles and shows everything that is wrong or weak in them. Starts nothing.'
complete -c kapsel -n __kapsel_no_verb -a show -d 'Shows what a profile, its parents and drop-ins come to.'
complete -c kapsel -n __kapsel_no_verb -a explain -d 'Says in plain words what a key, a code, a restriction or a whole profile means.'
complete -c kapsel -n __kapsel_no_verb -a list -d 'Lists the words that profiles are written with.'
complete -c kapsel -n __kapsel_no_verb -a schema -d 'Prints the JSON schema of profiles, for editors.'
complete -c kapsel -n __kapsel_no_verb -a doctor -d 'Shows what this machine has for containers, and what to do about the rest.'
complete -c kapsel -n __kapsel_no_verb -a generate -d 'Writes the systemd units that run a profile as a service.'
complete -c kapsel -n __kapsel_no_verb -a ps -d 'Lists the services that run.'
complete -c kapsel -n __kapsel_no_verb -a inspect -d 'Shows all that is known about services, as JSON.'
complete -c kapsel -n __kapsel_no_verb -a logs -d 'Shows what a container wrote to stdout and stderr.'
complete -c kapsel -n __kapsel_no_verb -a events -d 'Shows what happened to services: starts, ends, refusals, health.'
complete -c kapsel -n __kapsel_no_verb -a top -d 'Shows all services on the whole screen, live; ? there lists the keys.'
complete -c kapsel -n __kapsel_no_verb -a stats -d 'Shows what the running services use, every second.'
complete -c kapsel -n __kapsel_no_verb -a enter -d 'Starts one more process in a running service, under the same restrictions.'
complete -c kapsel -n __kapsel_no_verb -a stop -d 'Stops services, and waits until they have ended.'
complete -c kapsel -n __kapsel_no_verb -a restart -d 'Stops running services and starts them again, as they were started.'
complete -c kapsel -n __kapsel_no_verb -a kill -d 'Sends a signal to the first process of services.'
complete -c kapsel -n __kapsel_no_verb -a wait -d 'Waits until services have ended for good, and prints their exit statuses.'
complete -c kapsel -n __kapsel_no_verb -a update -d 'Changes limits of running services, until they end.'
complete -c kapsel -n __kapsel_no_verb -a rm -d 'Removes what is kept about services that ended.'
complete -c kapsel -n __kapsel_no_verb -a prune -d 'Removes all services that ended, and what killed supervisors left.'
complete -c kapsel -n __kapsel_no_verb -a metrics -d 'Prints the services\' numbers for Prometheus.'
complete -c kapsel -n __kapsel_no_verb -a monitor -d 'Checks services for Nagios and Icinga: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.'
complete -c kapsel -n '__kapsel_verb run' -l detach -s d -d 'return when it runs; print its id'
complete -c kapsel -n '__kapsel_verb run' -l rm -d 'with -d: leave no state when it has ended'
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
complete -c kapsel -n '__kapsel_verb list' -l json -d 'one object a line'
complete -c kapsel -n '__kapsel_verb list' -l quiet -s q -d 'names only'
complete -c kapsel -n '__kapsel_verb list' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb list' -a '(__kapsel_list)'
complete -c kapsel -n '__kapsel_verb schema' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb schema' -a '(__kapsel_none)'
complete -c kapsel -n '__kapsel_verb doctor' -l json -d 'one JSON object per line'
complete -c kapsel -n '__kapsel_verb doctor' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb doctor' -a '(__kapsel_none)'
complete -c kapsel -n '__kapsel_verb generate' -l name -x -a '(__kapsel_container)' -d 'the unit\'s name; default: kapsel- and the profile\'s'
complete -c kapsel -n '__kapsel_verb generate' -l files -d 'write into the current directory, and print the names of the files'
complete -c kapsel -n '__kapsel_verb generate' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb generate' -a '(__kapsel_profile)'
complete -c kapsel -n '__kapsel_verb ps' -l all -s a -d 'also those that ended'
complete -c kapsel -n '__kapsel_verb ps' -l quiet -s q -d 'ids only'
complete -c kapsel -n '__kapsel_verb ps' -l no-trunc -d 'whole ids and commands'
complete -c kapsel -n '__kapsel_verb ps' -l json -d 'one object a line, with Docker\'s keys'
complete -c kapsel -n '__kapsel_verb ps' -l format -x -a '(__kapsel_none)' -d 'a line of {id} {image} {command} {created} {status} {ports} {name} {state} ...'
complete -c kapsel -n '__kapsel_verb ps' -l filter -s f -x -a '(__kapsel_none)' -d 'status=, health=, name=, label=, id=, exited=; several with commas'
complete -c kapsel -n '__kapsel_verb ps' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb ps' -a '(__kapsel_none)'
complete -c kapsel -n '__kapsel_verb inspect' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb inspect' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb logs' -l follow -s f -d 'show what is added, until the container ends'
complete -c kapsel -n '__kapsel_verb logs' -l since -x -a '(__kapsel_none)' -d 'only from TIME on: a date, Unix seconds, or how long ago (1h30m)'
complete -c kapsel -n '__kapsel_verb logs' -l until -x -a '(__kapsel_none)' -d 'only up to TIME'
complete -c kapsel -n '__kapsel_verb logs' -l tail -s n -x -a '(__kapsel_none)' -d 'only the last N lines of what is asked for; all: every line'
complete -c kapsel -n '__kapsel_verb logs' -l timestamps -s t -d 'the time before each line'
complete -c kapsel -n '__kapsel_verb logs' -l details -d 'the attributes before each line'
complete -c kapsel -n '__kapsel_verb logs' -l stream -x -a '(__kapsel_none)' -d 'only stdout or stderr'
complete -c kapsel -n '__kapsel_verb logs' -l grep -x -a '(__kapsel_none)' -d 'only lines that match an extended regular expression'
complete -c kapsel -n '__kapsel_verb logs' -l json -d 'the log\'s own objects, one a line'
complete -c kapsel -n '__kapsel_verb logs' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb logs' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb events' -l follow -s f -d 'go on with those to come'
complete -c kapsel -n '__kapsel_verb events' -l since -x -a '(__kapsel_none)' -d '2026-01-31T15:04:05, Unix seconds, or how long ago: 10m'
complete -c kapsel -n '__kapsel_verb events' -l until -x -a '(__kapsel_none)' -d 'the same; with --follow it ends then'
complete -c kapsel -n '__kapsel_verb events' -l filter -x -a '(__kapsel_none)' -d 'event=, name=; several with commas'
complete -c kapsel -n '__kapsel_verb events' -l json -d 'one object a line (the default)'
complete -c kapsel -n '__kapsel_verb events' -l format -x -a '(__kapsel_none)' -d 'a line of members, like {time} {name} {event} {status}'
complete -c kapsel -n '__kapsel_verb events' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb events' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb top' -l delay -s d -x -a '(__kapsel_none)' -d 'time between two readings (default: 1)'
complete -c kapsel -n '__kapsel_verb top' -l once -d 'print one plain table; CPU % is over --delay, or else since the start of the run'
complete -c kapsel -n '__kapsel_verb top' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb top' -a '(__kapsel_none)'
complete -c kapsel -n '__kapsel_verb stats' -l all -s a -d 'also those that ended'
complete -c kapsel -n '__kapsel_verb stats' -l no-stream -d 'print once; CPU % is then the average since the start of the run'
complete -c kapsel -n '__kapsel_verb stats' -l no-trunc -d 'whole ids'
complete -c kapsel -n '__kapsel_verb stats' -l json -d 'one object a line, with Docker\'s keys'
complete -c kapsel -n '__kapsel_verb stats' -l format -x -a '(__kapsel_none)' -d 'a line of {name} {cpu} {memory} {memory_share} {network} {block} {pids} …'
complete -c kapsel -n '__kapsel_verb stats' -l sample -x -a '(__kapsel_none)' -d 'time between two readings (default: 1s; with --no-stream: one reading)'
complete -c kapsel -n '__kapsel_verb stats' -l columns -x -a '(__kapsel_none)' -d 'further ones: throttled,psi,oom,denied'
complete -c kapsel -n '__kapsel_verb stats' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb stats' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb enter' -l env -s e -x -a '(__kapsel_container)' -d 'a variable beside or instead of the profile\'s; may be repeated'
complete -c kapsel -n '__kapsel_verb enter' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb enter' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb stop' -l time -s t -x -a '(__kapsel_none)' -d 'before it is ended by force (default: stop.timeout of the profile)'
complete -c kapsel -n '__kapsel_verb stop' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb stop' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb restart' -l time -s t -x -a '(__kapsel_none)' -d 'before it is ended by force (default: stop.timeout of the profile)'
complete -c kapsel -n '__kapsel_verb restart' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb restart' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb kill' -l signal -s s -x -a '(__kapsel_none)' -d 'a name or a number (default: SIGKILL)'
complete -c kapsel -n '__kapsel_verb kill' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb kill' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb wait' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb wait' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb update' -l memory -s m -x -a '(__kapsel_none)' -d 'limits.memory'
complete -c kapsel -n '__kapsel_verb update' -l memory-high -x -a '(__kapsel_none)' -d 'limits.memory_high'
complete -c kapsel -n '__kapsel_verb update' -l swap -x -a '(__kapsel_none)' -d 'limits.swap'
complete -c kapsel -n '__kapsel_verb update' -l cpu -x -a '(__kapsel_none)' -d 'limits.cpu'
complete -c kapsel -n '__kapsel_verb update' -l cpu-weight -x -a '(__kapsel_none)' -d 'limits.cpu_weight'
complete -c kapsel -n '__kapsel_verb update' -l pids -x -a '(__kapsel_none)' -d 'limits.pids'
complete -c kapsel -n '__kapsel_verb update' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb update' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb rm' -l force -s f -d 'stop those that run'
complete -c kapsel -n '__kapsel_verb rm' -l logs -d 'remove their log files and events, too'
complete -c kapsel -n '__kapsel_verb rm' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb rm' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb prune' -l force -s f -d 'do not ask'
complete -c kapsel -n '__kapsel_verb prune' -l logs -d 'remove their log files and events, too'
complete -c kapsel -n '__kapsel_verb prune' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb prune' -a '(__kapsel_none)'
complete -c kapsel -n '__kapsel_verb metrics' -l openmetrics -d 'the text format of OpenMetrics 1.0'
complete -c kapsel -n '__kapsel_verb metrics' -l textfile -x -a '(__kapsel_none)' -d 'write DIR/kapsel_NAME.prom for each, for node_exporter'
complete -c kapsel -n '__kapsel_verb metrics' -l http -d 'answer one HTTP request on stdin and stdout, for a socket unit'
complete -c kapsel -n '__kapsel_verb metrics' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb metrics' -a '(__kapsel_container)'
complete -c kapsel -n '__kapsel_verb monitor' -l all -d 'all containers instead of one'
complete -c kapsel -n '__kapsel_verb monitor' -l warn-memory -x -a '(__kapsel_none)' -d 'warning from that much of the memory limit on'
complete -c kapsel -n '__kapsel_verb monitor' -l crit-memory -x -a '(__kapsel_none)' -d 'critical from that much of the memory limit on'
complete -c kapsel -n '__kapsel_verb monitor' -l warn-pids -x -a '(__kapsel_none)' -d 'warning from that much of the limit of processes on'
complete -c kapsel -n '__kapsel_verb monitor' -l crit-pids -x -a '(__kapsel_none)' -d 'critical from that much of the limit of processes on'
complete -c kapsel -n '__kapsel_verb monitor' -l max-restarts -x -a '(__kapsel_none)' -d 'warning above that many restarts'
complete -c kapsel -n '__kapsel_verb monitor' -l help -s h -d 'show this help'
complete -c kapsel -n '__kapsel_verb monitor' -a '(__kapsel_container)'
# end of generated
