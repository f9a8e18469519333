# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion of kapsel-oci. The tables come from docs/man/generate.

# Whether the verb is this one; without an argument, whether there is none yet.
function __kapsel_oci_verb
	set -l words (commandline -opc)
	set -l skip 1
	for word in $words
		if test $skip = 1
			set skip 0
		else if contains -- $word $__kapsel_oci_valued
			set skip 1
		else if not string match -q -- '-*' $word
			test "$word" = "$argv[1]"
			return
		end
	end
	test -z "$argv[1]"
end
function __kapsel_oci_none
end
function __kapsel_oci_file
	__fish_complete_path
end
function __kapsel_oci_directory
	__fish_complete_directories
end
function __kapsel_oci_container
	kapsel-oci list --quiet 2>/dev/null
end
function __kapsel_oci_text_json
	printf '%s\n' text json
end
function __kapsel_oci_table_json
	printf '%s\n' table json
end
function __kapsel_oci_true_false_auto
	printf '%s\n' true false auto
end
function __kapsel_oci_0_1
	printf '%s\n' 0 1
end

complete -c kapsel-oci -f

# generated: tables
set -g __kapsel_oci_verbs create start run exec state kill delete list ps pause resume update events spec features checkpoint restore
set -g __kapsel_oci_valued --root --log --log-format --log-level --cgroup-manager --criu
complete -c kapsel-oci -n '__kapsel_oci_verb' -l root -x -a '(__kapsel_oci_directory)' -d 'directory for the state of containers (default: /run/kapsel-oci)'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l log -x -a '(__kapsel_oci_file)' -d 'append the error, if there is one, to FILE'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l log-format -x -a '(__kapsel_oci_text_json)' -d 'how it is written there'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l log-level -x -a '(__kapsel_oci_none)' -d 'accepted for the sake of callers: only errors are logged'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l debug -d 'accepted for the sake of callers'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l systemd-cgroup -d 'cgroups are systemd scopes; cgroupsPath is slice:prefix:name'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l cgroup-manager -x -a '(__kapsel_oci_none)' -d 'cgroupfs, systemd or disabled'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l rootless -a '(__kapsel_oci_true_false_auto)' -d 'whether the caller has no rights over the host'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l criu -x -a '(__kapsel_oci_file)' -d 'accepted for the sake of callers: there is no checkpoint'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l version -s v -d 'print the version'
complete -c kapsel-oci -n '__kapsel_oci_verb' -l help -s h -d 'show this help'
complete -c kapsel-oci -n __kapsel_oci_verb -a create -d 'Creates a container; its process waits for start.'
complete -c kapsel-oci -n __kapsel_oci_verb -a start -d 'Starts a created container.'
complete -c kapsel-oci -n __kapsel_oci_verb -a run -d 'Creates and starts a container; without --detach waits for its end and removes it.'
complete -c kapsel-oci -n __kapsel_oci_verb -a exec -d 'Executes a further process in a container.'
complete -c kapsel-oci -n __kapsel_oci_verb -a state -d 'Prints a container\'s state as JSON.'
complete -c kapsel-oci -n __kapsel_oci_verb -a kill -d 'Sends a signal (default: TERM) to a container\'s first process.'
complete -c kapsel-oci -n __kapsel_oci_verb -a delete -d 'Removes a stopped container and all that was made for it.'
complete -c kapsel-oci -n __kapsel_oci_verb -a list -d 'Lists the containers.'
complete -c kapsel-oci -n __kapsel_oci_verb -a ps -d 'Shows the processes of a container.'
complete -c kapsel-oci -n __kapsel_oci_verb -a pause -d 'Freezes all processes of a container.'
complete -c kapsel-oci -n __kapsel_oci_verb -a resume -d 'Lets a paused container go on.'
complete -c kapsel-oci -n __kapsel_oci_verb -a update -d 'Changes the limits of a container.'
complete -c kapsel-oci -n __kapsel_oci_verb -a events -d 'Prints statistics and out-of-memory events of a container, as JSON, until it ends.'
complete -c kapsel-oci -n __kapsel_oci_verb -a spec -d 'Writes an example of a config.json, which runs a shell in rootfs.'
complete -c kapsel-oci -n __kapsel_oci_verb -a features -d 'Prints what this build can do, as JSON.'
complete -c kapsel-oci -n __kapsel_oci_verb -a checkpoint -d 'Not supported.'
complete -c kapsel-oci -n __kapsel_oci_verb -a restore -d 'Not supported.'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l bundle -s b -x -a '(__kapsel_oci_directory)' -d 'the bundle (default: the working directory)'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l config -s f -x -a '(__kapsel_oci_file)' -d 'its config (default: config.json in the bundle)'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l console-socket -x -a '(__kapsel_oci_file)' -d 'unix socket that gets the terminal'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l pid-file -x -a '(__kapsel_oci_file)' -d 'gets the process id'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l pidfd-socket -x -a '(__kapsel_oci_file)' -d 'unix socket that gets a pidfd'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l no-pivot -d 'change the root by moving a mount, for a root on initramfs'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l no-new-keyring -d 'keep the caller\'s session keyring'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l preserve-fds -x -a '(__kapsel_oci_none)' -d 'pass descriptors 3 to N+2 on'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l detach -s d -d 'ignored: create always detaches'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb create' -a '(__kapsel_oci_none)'
complete -c kapsel-oci -n '__kapsel_oci_verb start' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb start' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l bundle -s b -x -a '(__kapsel_oci_directory)' -d 'the bundle (default: the working directory)'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l config -s f -x -a '(__kapsel_oci_file)' -d 'its config (default: config.json in the bundle)'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l console-socket -x -a '(__kapsel_oci_file)' -d 'unix socket that gets the terminal'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l pid-file -x -a '(__kapsel_oci_file)' -d 'gets the process id'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l pidfd-socket -x -a '(__kapsel_oci_file)' -d 'unix socket that gets a pidfd'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l no-pivot -d 'change the root by moving a mount, for a root on initramfs'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l no-new-keyring -d 'keep the caller\'s session keyring'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l preserve-fds -x -a '(__kapsel_oci_none)' -d 'pass descriptors 3 to N+2 on'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l detach -s d -d 'leave it running'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l keep -d 'do not remove the container when it has ended'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l no-subreaper -d 'ignored: the runtime is no subreaper'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb run' -a '(__kapsel_oci_none)'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l process -s p -x -a '(__kapsel_oci_file)' -d 'process.json, like "process" in config.json'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l detach -s d -d 'leave it running'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l pid-file -x -a '(__kapsel_oci_file)' -d 'gets the process id'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l console-socket -x -a '(__kapsel_oci_file)' -d 'unix socket that gets the terminal'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l pidfd-socket -x -a '(__kapsel_oci_file)' -d 'unix socket that gets a pidfd'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l tty -s t -d 'with a terminal'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l user -s u -x -a '(__kapsel_oci_none)' -d 'as another user'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l additional-gids -s g -x -a '(__kapsel_oci_none)' -d 'with this group, too; can be repeated'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l cwd -x -a '(__kapsel_oci_none)' -d 'working directory inside'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l env -s e -x -a '(__kapsel_oci_none)' -d 'add to the environment; can be repeated'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l cap -s c -x -a '(__kapsel_oci_none)' -d 'with this capability, too; can be repeated'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l no-new-privs -d 'set no_new_privs'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l apparmor -x -a '(__kapsel_oci_none)' -d 'AppArmor profile'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l process-label -x -a '(__kapsel_oci_none)' -d 'SELinux label'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l preserve-fds -x -a '(__kapsel_oci_none)' -d 'pass descriptors 3 to N+2 on'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l cgroup -x -a '(__kapsel_oci_file)' -d 'in this cgroup below the container\'s own'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l ignore-paused -d 'also in a paused container'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb exec' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb state' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb state' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb kill' -l all -s a -d 'send it to all processes of the container'
complete -c kapsel-oci -n '__kapsel_oci_verb kill' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb kill' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb delete' -l force -s f -d 'kill it first if it runs; an unknown id is no error'
complete -c kapsel-oci -n '__kapsel_oci_verb delete' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb delete' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb list' -l format -s f -x -a '(__kapsel_oci_table_json)' -d 'how to print it'
complete -c kapsel-oci -n '__kapsel_oci_verb list' -l quiet -s q -d 'ids only'
complete -c kapsel-oci -n '__kapsel_oci_verb list' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb list' -a '(__kapsel_oci_none)'
complete -c kapsel-oci -n '__kapsel_oci_verb ps' -l format -s f -x -a '(__kapsel_oci_table_json)' -d 'lines of ps, or pids'
complete -c kapsel-oci -n '__kapsel_oci_verb ps' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb ps' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb pause' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb pause' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb resume' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb resume' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l resources -s r -x -a '(__kapsel_oci_file)' -d 'take linux.resources from FILE, or stdin; other flags are ignored'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l memory -x -a '(__kapsel_oci_none)' -d 'memory limit; suffixes k m g t; -1: none'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l memory-reservation -x -a '(__kapsel_oci_none)' -d 'memory that reclaim tries to leave it'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l memory-swap -x -a '(__kapsel_oci_none)' -d 'memory and swap together; -1: unlimited swap'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l kernel-memory -x -a '(__kapsel_oci_none)' -d 'accepted: cgroup v2 counts it as memory'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l kernel-memory-tcp -x -a '(__kapsel_oci_none)' -d 'accepted: cgroup v2 counts it as memory'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpu-share -x -a '(__kapsel_oci_none)' -d 'share of the processors, 2 to 262144'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpu-shares -x -a '(__kapsel_oci_none)' -d 'the same'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpu-quota -x -a '(__kapsel_oci_none)' -d 'processor time in each period; -1: unlimited'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpu-period -x -a '(__kapsel_oci_none)' -d 'length of the period'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpu-burst -x -a '(__kapsel_oci_none)' -d 'unused time that may be saved up'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpu-rt-period -x -a '(__kapsel_oci_none)' -d 'period of realtime processes'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpu-rt-runtime -x -a '(__kapsel_oci_none)' -d 'processor time of realtime processes in it'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpu-idle -x -a '(__kapsel_oci_0_1)' -d 'run only when nobody else wants to'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpuset-cpus -x -a '(__kapsel_oci_none)' -d 'processors to use: 0-3,5'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l cpuset-mems -x -a '(__kapsel_oci_none)' -d 'memory nodes to use'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l blkio-weight -x -a '(__kapsel_oci_none)' -d 'share of block devices, 10 to 1000'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l pids-limit -x -a '(__kapsel_oci_none)' -d 'processes and threads; -1: no limit'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l l3-cache-schema -x -a '(__kapsel_oci_none)' -d 'Intel RDT: L3 line of the schemata'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l mem-bw-schema -x -a '(__kapsel_oci_none)' -d 'Intel RDT: MB line of the schemata'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb update' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb events' -l interval -x -a '(__kapsel_oci_none)' -d 'time between two statistics (default: 5s)'
complete -c kapsel-oci -n '__kapsel_oci_verb events' -l stats -d 'print the statistics once'
complete -c kapsel-oci -n '__kapsel_oci_verb events' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb events' -a '(__kapsel_oci_container)'
complete -c kapsel-oci -n '__kapsel_oci_verb spec' -l bundle -s b -x -a '(__kapsel_oci_directory)' -d 'write it there (default: the working directory)'
complete -c kapsel-oci -n '__kapsel_oci_verb spec' -l rootless -d 'for a caller without rights over the host'
complete -c kapsel-oci -n '__kapsel_oci_verb spec' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb spec' -a '(__kapsel_oci_none)'
complete -c kapsel-oci -n '__kapsel_oci_verb features' -l help -s h -d 'show this help'
complete -c kapsel-oci -n '__kapsel_oci_verb features' -a '(__kapsel_oci_none)'
complete -c kapsel-oci -n '__kapsel_oci_verb checkpoint' -a '(__kapsel_oci_none)'
complete -c kapsel-oci -n '__kapsel_oci_verb restore' -a '(__kapsel_oci_none)'
# end of generated
