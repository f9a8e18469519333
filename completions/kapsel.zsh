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
	'run:Starts one process under every restriction of its profile.'
	'check:Reads profiles and shows everything that is wrong or weak in them. Starts nothing.'
	'show:Shows what a profile, its parents and drop-ins come to.'
	'explain:Says in plain words what a key, a code, a restriction or a whole profile means.'
	'list:Lists the words that profiles are written with.'
	'schema:Prints the JSON schema of profiles, for editors.'
	'doctor:Shows what this machine has for containers, and what to do about the rest.'
	'generate:Writes the systemd units that run a profile as a service.'
	'ps:Lists the services that run.'
	'inspect:Shows all that is known about services, as JSON.'
	'logs:Shows what a container wrote to stdout and stderr.'
	'events:Shows what happened to services\: starts, ends, refusals, health.'
	'top:Shows all services on the whole screen, live; ? there lists the keys.'
	'stats:Shows what the running services use, every second.'
	'enter:Starts one more process in a running service, under the same restrictions.'
	'stop:Stops services, and waits until they have ended.'
	'restart:Stops running services and starts them again, as they were started.'
	'kill:Sends a signal to the first process of services.'
	'wait:Waits until services have ended for good, and prints their exit statuses.'
	'update:Changes limits of running services, until they end.'
	'rm:Removes what is kept about services that ended.'
	'prune:Removes all services that ended, and what killed supervisors left.'
	'metrics:Prints the services'\'' numbers for Prometheus.'
	'monitor:Checks services for Nagios and Icinga\: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.'
	'lab:Shows what each restriction does\: the same attack with it and without.'
	'audit:Scores a profile, a container, a process or a root file system, check by check.'
	'why:Explains the last end of a service, and the line that would prevent it.'
	'learn:Watches a workload and proposes the smallest profile for it.'
	'import:Makes a profile of a docker run line, a compose file, a bundle or a unit.'
	'export:Makes a bundle, a unit or a Kubernetes pod of a profile.'
)
_kapsel_arguments() {
	case $1 in
	run)
		_arguments -s \
			'(--detach -d)--detach[return when it runs; print its id]' \
			'(--detach -d)-d[return when it runs; print its id]' \
			'--rm[with -d\: leave no state when it has ended]' \
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
	doctor)
		_arguments -s \
			'--json[one JSON object per line]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:doctor:_kapsel_none'
		;;
	generate)
		_arguments -s \
			'--name[the unit'\''s name; default\: kapsel- and the profile'\''s]:NAME:_kapsel_container' \
			'--files[write into the current directory, and print the names of the files]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:generate:_kapsel_profile'
		;;
	ps)
		_arguments -s \
			'(--all -a)--all[also those that ended]' \
			'(--all -a)-a[also those that ended]' \
			'(--quiet -q)--quiet[ids only]' \
			'(--quiet -q)-q[ids only]' \
			'--no-trunc[whole ids and commands]' \
			'--json[one object a line, with Docker'\''s keys]' \
			'--format[a line of {id} {image} {command} {created} {status} {ports} {name} {state} ...]:TEXT:_kapsel_none' \
			'(--filter -f)--filter[status=, health=, name=, label=, id=, exited=; several with commas]:LIST:_kapsel_none' \
			'(--filter -f)-f[status=, health=, name=, label=, id=, exited=; several with commas]:LIST:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:ps:_kapsel_none'
		;;
	inspect)
		_arguments -s \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:inspect:_kapsel_container'
		;;
	logs)
		_arguments -s \
			'(--follow -f)--follow[show what is added, until the container ends]' \
			'(--follow -f)-f[show what is added, until the container ends]' \
			'--since[only from TIME on\: a date, Unix seconds, or how long ago (1h30m)]:TIME:_kapsel_none' \
			'--until[only up to TIME]:TIME:_kapsel_none' \
			'(--tail -n)--tail[only the last N lines of what is asked for; all\: every line]:N:_kapsel_none' \
			'(--tail -n)-n[only the last N lines of what is asked for; all\: every line]:N:_kapsel_none' \
			'(--timestamps -t)--timestamps[the time before each line]' \
			'(--timestamps -t)-t[the time before each line]' \
			'--details[the attributes before each line]' \
			'--stream[only stdout or stderr]:STREAM:_kapsel_none' \
			'--grep[only lines that match an extended regular expression]:PATTERN:_kapsel_none' \
			'--json[the log'\''s own objects, one a line]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:logs:_kapsel_container'
		;;
	events)
		_arguments -s \
			'(--follow -f)--follow[go on with those to come]' \
			'(--follow -f)-f[go on with those to come]' \
			'--since[2026-01-31T15\:04\:05, Unix seconds, or how long ago\: 10m]:TIME:_kapsel_none' \
			'--until[the same; with --follow it ends then]:TIME:_kapsel_none' \
			'--filter[event=, name=; several with commas]:LIST:_kapsel_none' \
			'--json[one object a line (the default)]' \
			'--format[a line of members, like {time} {name} {event} {status}]:TEXT:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:events:_kapsel_container'
		;;
	top)
		_arguments -s \
			'(--delay -d)--delay[time between two readings (default\: 1)]:SECONDS:_kapsel_none' \
			'(--delay -d)-d[time between two readings (default\: 1)]:SECONDS:_kapsel_none' \
			'--once[print one plain table; CPU % is over --delay, or else since the start of the run]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:top:_kapsel_none'
		;;
	stats)
		_arguments -s \
			'(--all -a)--all[also those that ended]' \
			'(--all -a)-a[also those that ended]' \
			'--no-stream[print once; CPU % is then the average since the start of the run]' \
			'--no-trunc[whole ids]' \
			'--json[one object a line, with Docker'\''s keys]' \
			'--format[a line of {name} {cpu} {memory} {memory_share} {network} {block} {pids} …]:TEXT:_kapsel_none' \
			'--sample[time between two readings (default\: 1s; with --no-stream\: one reading)]:DURATION:_kapsel_none' \
			'--columns[further ones\: throttled,psi,oom,denied]:LIST:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:stats:_kapsel_container'
		;;
	enter)
		_arguments -s \
			'(--env -e)--env[a variable beside or instead of the profile'\''s; may be repeated]:NAME=VALUE:_kapsel_container' \
			'(--env -e)-e[a variable beside or instead of the profile'\''s; may be repeated]:NAME=VALUE:_kapsel_container' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:enter:_kapsel_container'
		;;
	stop)
		_arguments -s \
			'(--time -t)--time[before it is ended by force (default\: stop.timeout of the profile)]:SECONDS:_kapsel_none' \
			'(--time -t)-t[before it is ended by force (default\: stop.timeout of the profile)]:SECONDS:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:stop:_kapsel_container'
		;;
	restart)
		_arguments -s \
			'(--time -t)--time[before it is ended by force (default\: stop.timeout of the profile)]:SECONDS:_kapsel_none' \
			'(--time -t)-t[before it is ended by force (default\: stop.timeout of the profile)]:SECONDS:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:restart:_kapsel_container'
		;;
	kill)
		_arguments -s \
			'(--signal -s)--signal[a name or a number (default\: SIGKILL)]:SIGNAL:_kapsel_none' \
			'(--signal -s)-s[a name or a number (default\: SIGKILL)]:SIGNAL:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:kill:_kapsel_container'
		;;
	wait)
		_arguments -s \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:wait:_kapsel_container'
		;;
	update)
		_arguments -s \
			'(--memory -m)--memory[limits.memory]:SIZE:_kapsel_none' \
			'(--memory -m)-m[limits.memory]:SIZE:_kapsel_none' \
			'--memory-high[limits.memory_high]:SIZE:_kapsel_none' \
			'--swap[limits.swap]:SIZE:_kapsel_none' \
			'--cpu[limits.cpu]:CORES:_kapsel_none' \
			'--cpu-weight[limits.cpu_weight]:NUMBER:_kapsel_none' \
			'--pids[limits.pids]:NUMBER:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:update:_kapsel_container'
		;;
	rm)
		_arguments -s \
			'(--force -f)--force[stop those that run]' \
			'(--force -f)-f[stop those that run]' \
			'--logs[remove their log files and events, too]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:rm:_kapsel_container'
		;;
	prune)
		_arguments -s \
			'(--force -f)--force[do not ask]' \
			'(--force -f)-f[do not ask]' \
			'--logs[remove their log files and events, too]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:prune:_kapsel_none'
		;;
	metrics)
		_arguments -s \
			'--openmetrics[the text format of OpenMetrics 1.0]' \
			'--textfile[write DIR/kapsel_NAME.prom for each, for node_exporter]:DIR:_kapsel_none' \
			'--http[answer one HTTP request on stdin and stdout, for a socket unit]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:metrics:_kapsel_container'
		;;
	monitor)
		_arguments -s \
			'--all[all containers instead of one]' \
			'--warn-memory[warning from that much of the memory limit on]:PERCENT:_kapsel_none' \
			'--crit-memory[critical from that much of the memory limit on]:PERCENT:_kapsel_none' \
			'--warn-pids[warning from that much of the limit of processes on]:PERCENT:_kapsel_none' \
			'--crit-pids[critical from that much of the limit of processes on]:PERCENT:_kapsel_none' \
			'--max-restarts[warning above that many restarts]:NUMBER:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:monitor:_kapsel_container'
		;;
	lab)
		_arguments -s \
			'--json[one JSON object a line]' \
			'--lang[de|en           language of the texts (default\: LC_ALL, LC_MESSAGES, LANG)]' \
			'--all[run\: also what is the same in both runs]' \
			'--answers[quiz\: print the answers instead of asking]' \
			'--html[report\: the file to write]:FILE:_kapsel_file' \
			'--open[probe\: a JSON object on top of the profile]:KEYS:_kapsel_none' \
			'--allow[probe\: attacks that may work, separated by commas]:NAMES:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:lab:_kapsel_file'
		;;
	audit)
		_arguments -s \
			'(--pid -p)--pid[a process, whoever started it]:PID:_kapsel_none' \
			'(--pid -p)-p[a process, whoever started it]:PID:_kapsel_none' \
			'(--rootfs -r)--rootfs[what lies in a root file system]:DIR:_kapsel_none' \
			'(--rootfs -r)-r[what lies in a root file system]:DIR:_kapsel_none' \
			'(--catalog -c)--catalog[by the items of bsi, cis, nist, pss or owasp]:NAME:_kapsel_container' \
			'(--catalog -c)-c[by the items of bsi, cis, nist, pss or owasp]:NAME:_kapsel_container' \
			'(--threshold -t)--threshold[status 1 for a score below N, from 0 to 10]:N:_kapsel_none' \
			'(--threshold -t)-t[status 1 for a score below N, from 0 to 10]:N:_kapsel_none' \
			'(--all -a)--all[with --rootfs\: every path, not the first ones]' \
			'(--all -a)-a[with --rootfs\: every path, not the first ones]' \
			'--json[one JSON object]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:audit:_kapsel_profile'
		;;
	why)
		_arguments -s \
			'--json[one object, with the same members as the text]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:why:_kapsel_container'
		;;
	learn)
		_arguments -s \
			'(--output -o)--output[where the profile goes; the observation goes beside it as FILE'\''s .observed.json]:FILE:_kapsel_file' \
			'(--output -o)-o[where the profile goes; the observation goes beside it as FILE'\''s .observed.json]:FILE:_kapsel_file' \
			'--merge[add to the observation of an earlier run]:FILE:_kapsel_file' \
			'--duration[end the observation after that time, as in "10s"; else Ctrl-C ends it]:TIME:_kapsel_none' \
			'--quick[a second pass\: watch only calls that the profile and --merge do not know]' \
			'--exact[name each call that was seen instead of @base\: smaller, slower to learn]' \
			'--no-limits[propose no limits of memory, processes and processor\: the host can'\''t set them]' \
			'--rootfs[for a command\: its root file system (default\: the host'\''s)]:DIR:_kapsel_none' \
			'--user[for a command\: who it is (default\: 65532)]:UID\[\:GID\]:_kapsel_none' \
			'--network[for a command\: none, loopback or host (default\: host)]:NET:_kapsel_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:learn:_kapsel_profile'
		;;
	import)
		_arguments -s \
			'--rootfs[directory that holds the unpacked image; names of users are looked up there]:DIR:_kapsel_none' \
			'--name[the container'\''s name]:NAME:_kapsel_container' \
			'(--output -o)--output[write there, not to standard output]:FILE:_kapsel_file' \
			'(--output -o)-o[write there, not to standard output]:FILE:_kapsel_file' \
			'--output-dir[compose\: one file for each service]:DIR:_kapsel_none' \
			'--strict[end with status 1 if something can'\''t be carried over]' \
			'--json[an object\: the profile, what is lost, notes]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:import:_kapsel_none'
		;;
	export)
		_arguments -s \
			'(--output -o)--output[write there, not to standard output; a directory gets a file of the usual name]:FILE:_kapsel_file' \
			'(--output -o)-o[write there, not to standard output; a directory gets a file of the usual name]:FILE:_kapsel_file' \
			'--rootless[oci\: map the caller'\''s own id only]' \
			'--strict[end with status 1 if something can'\''t be carried over]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'*:export:_kapsel_profile'
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
