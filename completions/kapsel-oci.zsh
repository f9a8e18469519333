#compdef kapsel-oci
# SPDX-License-Identifier: LGPL-2.1-or-later
# zsh completion of kapsel-oci, to be installed as _kapsel-oci. The tables come from docs/man/generate.

local -a _kapsel_oci_verbs _kapsel_oci_globals

_kapsel_oci_none() { _message 'a word' }
_kapsel_oci_file() { _files }
_kapsel_oci_directory() { _files -/ }
_kapsel_oci_container() { compadd -- ${(f)"$(kapsel-oci list --quiet 2>/dev/null)"} }
_kapsel_oci_text_json() { compadd text json }
_kapsel_oci_table_json() { compadd table json }
_kapsel_oci_true_false_auto() { compadd true false auto }
_kapsel_oci_0_1() { compadd 0 1 }

# generated: tables
_kapsel_oci_verbs=(
	'create:Creates a container; its process waits for start.'
	'start:Starts a created container.'
	'run:Creates and starts a container; without --detach waits for its end and removes it.'
	'exec:Executes a further process in a container.'
	'state:Prints a container'\''s state as JSON.'
	'kill:Sends a signal (default\: TERM) to a container'\''s first process.'
	'delete:Removes a stopped container and all that was made for it.'
	'list:Lists the containers.'
	'ps:Shows the processes of a container.'
	'pause:Freezes all processes of a container.'
	'resume:Lets a paused container go on.'
	'update:Changes the limits of a container.'
	'events:Prints statistics and out-of-memory events of a container, as JSON, until it ends.'
	'spec:Writes an example of a config.json, which runs a shell in rootfs.'
	'features:Prints what this build can do, as JSON.'
	'checkpoint:Not supported.'
	'restore:Not supported.'
)
_kapsel_oci_globals=(
	'--root[directory for the state of containers (default\: /run/kapsel-oci)]:DIR:_kapsel_oci_directory'
	'--log[append the error, if there is one, to FILE]:FILE:_kapsel_oci_file'
	'--log-format[how it is written there]:text|json:_kapsel_oci_text_json'
	'--log-level[accepted for the sake of callers\: only errors are logged]:LEVEL:_kapsel_oci_none'
	'--debug[accepted for the sake of callers]'
	'--systemd-cgroup[cgroups are systemd scopes; cgroupsPath is slice\:prefix\:name]'
	'--cgroup-manager[cgroupfs, systemd or disabled]:NAME:_kapsel_oci_none'
	'--rootless[whether the caller has no rights over the host]:\[true|false|auto\]:_kapsel_oci_true_false_auto'
	'--criu[accepted for the sake of callers\: there is no checkpoint]:PATH:_kapsel_oci_file'
	'(--version -v)--version[print the version]'
	'(--version -v)-v[print the version]'
	'(--help -h)--help[show this help]'
	'(--help -h)-h[show this help]'
)
_kapsel_oci_arguments() {
	case $1 in
	create)
		_arguments -s \
			'(--bundle -b)--bundle[the bundle (default\: the working directory)]:DIR:_kapsel_oci_directory' \
			'(--bundle -b)-b[the bundle (default\: the working directory)]:DIR:_kapsel_oci_directory' \
			'(--config -f)--config[its config (default\: config.json in the bundle)]:FILE:_kapsel_oci_file' \
			'(--config -f)-f[its config (default\: config.json in the bundle)]:FILE:_kapsel_oci_file' \
			'--console-socket[unix socket that gets the terminal]:PATH:_kapsel_oci_file' \
			'--pid-file[gets the process id]:FILE:_kapsel_oci_file' \
			'--pidfd-socket[unix socket that gets a pidfd]:PATH:_kapsel_oci_file' \
			'--no-pivot[change the root by moving a mount, for a root on initramfs]' \
			'--no-new-keyring[keep the caller'\''s session keyring]' \
			'--preserve-fds[pass descriptors 3 to N+2 on]:N:_kapsel_oci_none' \
			'(--detach -d)--detach[ignored\: create always detaches]' \
			'(--detach -d)-d[ignored\: create always detaches]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_none'
		;;
	start)
		_arguments -s \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	run)
		_arguments -s \
			'(--bundle -b)--bundle[the bundle (default\: the working directory)]:DIR:_kapsel_oci_directory' \
			'(--bundle -b)-b[the bundle (default\: the working directory)]:DIR:_kapsel_oci_directory' \
			'(--config -f)--config[its config (default\: config.json in the bundle)]:FILE:_kapsel_oci_file' \
			'(--config -f)-f[its config (default\: config.json in the bundle)]:FILE:_kapsel_oci_file' \
			'--console-socket[unix socket that gets the terminal]:PATH:_kapsel_oci_file' \
			'--pid-file[gets the process id]:FILE:_kapsel_oci_file' \
			'--pidfd-socket[unix socket that gets a pidfd]:PATH:_kapsel_oci_file' \
			'--no-pivot[change the root by moving a mount, for a root on initramfs]' \
			'--no-new-keyring[keep the caller'\''s session keyring]' \
			'--preserve-fds[pass descriptors 3 to N+2 on]:N:_kapsel_oci_none' \
			'(--detach -d)--detach[leave it running]' \
			'(--detach -d)-d[leave it running]' \
			'--keep[do not remove the container when it has ended]' \
			'--no-subreaper[ignored\: the runtime is no subreaper]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_none'
		;;
	exec)
		_arguments -s \
			'(--process -p)--process[process.json, like "process" in config.json]:FILE:_kapsel_oci_file' \
			'(--process -p)-p[process.json, like "process" in config.json]:FILE:_kapsel_oci_file' \
			'(--detach -d)--detach[leave it running]' \
			'(--detach -d)-d[leave it running]' \
			'--pid-file[gets the process id]:FILE:_kapsel_oci_file' \
			'--console-socket[unix socket that gets the terminal]:PATH:_kapsel_oci_file' \
			'--pidfd-socket[unix socket that gets a pidfd]:PATH:_kapsel_oci_file' \
			'(--tty -t)--tty[with a terminal]' \
			'(--tty -t)-t[with a terminal]' \
			'(--user -u)--user[as another user]:UID\[\:GID\]:_kapsel_oci_none' \
			'(--user -u)-u[as another user]:UID\[\:GID\]:_kapsel_oci_none' \
			'*--additional-gids[with this group, too; can be repeated]:GID:_kapsel_oci_none' \
			'*-g[with this group, too; can be repeated]:GID:_kapsel_oci_none' \
			'--cwd[working directory inside]:DIR:_kapsel_oci_none' \
			'*--env[add to the environment; can be repeated]:NAME=VALUE:_kapsel_oci_none' \
			'*-e[add to the environment; can be repeated]:NAME=VALUE:_kapsel_oci_none' \
			'*--cap[with this capability, too; can be repeated]:CAP:_kapsel_oci_none' \
			'*-c[with this capability, too; can be repeated]:CAP:_kapsel_oci_none' \
			'--no-new-privs[set no_new_privs]' \
			'--apparmor[AppArmor profile]:PROFILE:_kapsel_oci_none' \
			'--process-label[SELinux label]:LABEL:_kapsel_oci_none' \
			'--preserve-fds[pass descriptors 3 to N+2 on]:N:_kapsel_oci_none' \
			'--cgroup[in this cgroup below the container'\''s own]:PATH:_kapsel_oci_file' \
			'--ignore-paused[also in a paused container]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	state)
		_arguments -s \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	kill)
		_arguments -s \
			'(--all -a)--all[send it to all processes of the container]' \
			'(--all -a)-a[send it to all processes of the container]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	delete)
		_arguments -s \
			'(--force -f)--force[kill it first if it runs; an unknown id is no error]' \
			'(--force -f)-f[kill it first if it runs; an unknown id is no error]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	list)
		_arguments -s \
			'(--format -f)--format[how to print it]:table|json:_kapsel_oci_table_json' \
			'(--format -f)-f[how to print it]:table|json:_kapsel_oci_table_json' \
			'(--quiet -q)--quiet[ids only]' \
			'(--quiet -q)-q[ids only]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_none'
		;;
	ps)
		_arguments -s \
			'(--format -f)--format[lines of ps, or pids]:table|json:_kapsel_oci_table_json' \
			'(--format -f)-f[lines of ps, or pids]:table|json:_kapsel_oci_table_json' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	pause)
		_arguments -s \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	resume)
		_arguments -s \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	update)
		_arguments -s \
			'(--resources -r)--resources[take linux.resources from FILE, or stdin; other flags are ignored]:FILE|-:_kapsel_oci_file' \
			'(--resources -r)-r[take linux.resources from FILE, or stdin; other flags are ignored]:FILE|-:_kapsel_oci_file' \
			'--memory[memory limit; suffixes k m g t; -1\: none]:BYTES:_kapsel_oci_none' \
			'--memory-reservation[memory that reclaim tries to leave it]:BYTES:_kapsel_oci_none' \
			'--memory-swap[memory and swap together; -1\: unlimited swap]:BYTES:_kapsel_oci_none' \
			'--kernel-memory[accepted\: cgroup v2 counts it as memory]:BYTES:_kapsel_oci_none' \
			'--kernel-memory-tcp[accepted\: cgroup v2 counts it as memory]:BYTES:_kapsel_oci_none' \
			'--cpu-share[share of the processors, 2 to 262144]:N:_kapsel_oci_none' \
			'--cpu-shares[the same]:N:_kapsel_oci_none' \
			'--cpu-quota[processor time in each period; -1\: unlimited]:USECS:_kapsel_oci_none' \
			'--cpu-period[length of the period]:USECS:_kapsel_oci_none' \
			'--cpu-burst[unused time that may be saved up]:USECS:_kapsel_oci_none' \
			'--cpu-rt-period[period of realtime processes]:USECS:_kapsel_oci_none' \
			'--cpu-rt-runtime[processor time of realtime processes in it]:USECS:_kapsel_oci_none' \
			'--cpu-idle[run only when nobody else wants to]:0|1:_kapsel_oci_0_1' \
			'--cpuset-cpus[processors to use\: 0-3,5]:LIST:_kapsel_oci_none' \
			'--cpuset-mems[memory nodes to use]:LIST:_kapsel_oci_none' \
			'--blkio-weight[share of block devices, 10 to 1000]:N:_kapsel_oci_none' \
			'--pids-limit[processes and threads; -1\: no limit]:N:_kapsel_oci_none' \
			'--l3-cache-schema[Intel RDT\: L3 line of the schemata]:TEXT:_kapsel_oci_none' \
			'--mem-bw-schema[Intel RDT\: MB line of the schemata]:TEXT:_kapsel_oci_none' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	events)
		_arguments -s \
			'--interval[time between two statistics (default\: 5s)]:TIME:_kapsel_oci_none' \
			'--stats[print the statistics once]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_container'
		;;
	spec)
		_arguments -s \
			'(--bundle -b)--bundle[write it there (default\: the working directory)]:DIR:_kapsel_oci_directory' \
			'(--bundle -b)-b[write it there (default\: the working directory)]:DIR:_kapsel_oci_directory' \
			'--rootless[for a caller without rights over the host]' \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_none'
		;;
	features)
		_arguments -s \
			'(--help -h)--help[show this help]' \
			'(--help -h)-h[show this help]' \
			'1:id:_kapsel_oci_none'
		;;
	checkpoint)
		_arguments -s \
			'1:id:_kapsel_oci_none'
		;;
	restore)
		_arguments -s \
			'1:id:_kapsel_oci_none'
		;;
	esac
}
# end of generated

_kapsel_oci() {
	local context state state_descr line
	typeset -A opt_args
	_arguments -C -s "${_kapsel_oci_globals[@]}" '1:verb:->verb' '*::argument:->argument'
	case $state in
	verb) _describe -t verbs 'verb' _kapsel_oci_verbs ;;
	argument) _kapsel_oci_arguments $line[1] ;;
	esac
}

_kapsel_oci "$@"
