/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bad profiles, each with the code and the place of its first finding. */
#include "reading.h"

static const struct refusal bad_profiles[] = {
	/* the frame */
	{ "{}", "E007@1:1", "\"kapsel\" is missing" },
	{ "{ \"kapsel\": 2 }", "E007@1:1", "\"rootfs\" is missing" },
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"command\": [\"/c\"] }", "E007@1:1", "\"rootfs\" is missing" },
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": \"/r\" }", "E007@1:1", "\"command\" is missing" },
	{ "{ \"kapsel\": 2, \"name\": \"t\", \"rootfs\": \"/r\", \"command\": [\"/c\"] }", "E007@1:13",
	  "profile format 2 is not known" },
	{ "{ \"kapsel\": \"1\" }", "E007@1:1", "\"rootfs\" is missing" },
	{ "{ \"kapsel\": null, \"name\": \"t\", \"rootfs\": \"/r\", \"command\": [\"/c\"] }", "E007@1:1",
	  "\"kapsel\" is missing" },
	BAD("\"nonsense\": 1", "E003@2:1", "unknown key \"nonsense\""),
	BAD("\"user\": { \"name\": 1 }", "E003@2:11", "unknown key \"name\""),
	BAD("\"mounts\": { \"/x\": { \"typ\": \"bind\", \"type\": \"tmpfs\", \"size\": 4096 } }", "E003@2:21",
	    "unknown key \"typ\""),
	BAD("\"limits.memory\": 1", "E003@2:1", "unknown key \"limits.memory\""),
	/* types */
	BAD("\"labels\": []", "E004@2:11", "\"labels\" can't be an array"),
	BAD("\"labels\": { \"a\": 1 }", "E004@2:18", "\"labels.*\" can't be an integer"),
	BAD("\"args_from_cli\": \"true\"", "E004@2:18", "\"args_from_cli\" can't be a string"),
	BAD("\"umask\": 77", "E004@2:10", "\"umask\" can't be an integer"),
	BAD("\"user\": 1000", "E004@2:9", "\"user\" can't be an integer"),
	BAD("\"user\": { \"uid\": 1.5 }", "E004@2:18", "\"user.uid\" can't be a fraction"),
	BAD("\"capabilities\": \"CHOWN\"", "E004@2:17", "\"capabilities\" can't be a string"),
	BAD("\"capabilities\": [1]", "E004@2:18", "\"capabilities\" can't contain an integer"),
	BAD("\"capabilities\": [null]", "E004@2:18", "\"capabilities\" can't contain null"),
	BAD("\"limits\": { \"memory\": true }", "E004@2:23", "\"limits.memory\" can't be true"),
	BAD("\"limits\": { \"memory\": 1.5 }", "E004@2:23", "\"limits.memory\" can't be a fraction"),
	BAD("\"limits\": { \"cpu\": [] }", "E004@2:20", "\"limits.cpu\" can't be an array"),
	BAD("\"network\": true", "E004@2:12", "\"network\" can't be true"),
	BAD("\"stop\": { \"timeout\": 10 }", "E004@2:22", "\"stop.timeout\" can't be an integer"),
	/* sizes, times, numbers, modes */
	BAD("\"limits\": { \"memory\": \"64M\" }", "E008@2:23", "ambiguous size \"64M\""),
	BAD("\"limits\": { \"memory\": \"2g\" }", "E008@2:23", "ambiguous size \"2g\""),
	BAD("\"limits\": { \"memory\": \"64\" }", "E009@2:23", "\"64\" is not a size"),
	BAD("\"limits\": { \"memory\": \"64mib\" }", "E009@2:23", "\"64mib\" is not a size"),
	BAD("\"limits\": { \"memory\": \"64 MiB\" }", "E009@2:23", "\"64 MiB\" is not a size"),
	BAD("\"limits\": { \"memory\": \"-1MiB\" }", "E009@2:23", "\"-1MiB\" is not a size"),
	BAD("\"limits\": { \"memory\": \"\" }", "E009@2:23", "\"\" is not a size"),
	BAD("\"limits\": { \"memory\": \"Unlimited\" }", "E009@2:23", "\"Unlimited\" is not a size"),
	BAD("\"limits\": { \"memory\": -1 }", "E011@2:23", "\"limits.memory\" is out of range"),
	BAD("\"limits\": { \"memory\": 64 }", "E011@2:23", "\"limits.memory\" is out of range"),
	BAD("\"limits\": { \"memory\": \"9999999999TiB\" }", "E011@2:23",
	    "\"limits.memory\" is out of range"),
	BAD("\"limits\": { \"memory\": \"99999999999999999999999B\" }", "E011@2:23",
	    "\"limits.memory\" is out of range"),
	BAD("\"limits\": { \"memory_high\": \"65MiB\" }", "E039@2:28", "\"memory_high\" is above \"memory\""),
	BAD("\"limits\": { \"cpu\": 0 }", "E011@2:20", "\"limits.cpu\" is out of range"),
	BAD("\"limits\": { \"cpu\": -0.5 }", "E011@2:20", "\"limits.cpu\" is out of range"),
	BAD("\"limits\": { \"cpu\": 1e300 }", "E011@2:20", "\"limits.cpu\" is out of range"),
	BAD("\"limits\": { \"cpu\": \"half\" }", "E014@2:20", "unknown value \"half\" of \"limits.cpu\""),
	BAD("\"limits\": { \"cpu_weight\": 10001 }", "E011@2:27", "\"limits.cpu_weight\" is out of range"),
	BAD("\"limits\": { \"cpus\": \"3-1\" }", "E040@2:21", "\"3-1\" is not a list of CPUs"),
	BAD("\"limits\": { \"cpus\": \"0,\" }", "E040@2:21", "\"0,\" is not a list of CPUs"),
	BAD("\"limits\": { \"cpus\": \"\" }", "E040@2:21", "\"\" is not a list of CPUs"),
	BAD("\"limits\": { \"cpus\": \"0-\" }", "E040@2:21", "\"0-\" is not a list of CPUs"),
	BAD("\"limits\": { \"cpus\": \"0\\n1\" }", "E015@2:21", "control character in \"limits.cpus\""),
	BAD("\"limits\": { \"pids\": 0 }", "E011@2:21", "\"limits.pids\" is out of range"),
	BAD("\"limits\": { \"pids\": \"many\" }", "E014@2:21", "unknown value \"many\" of \"limits.pids\""),
	BAD("\"limits\": { \"open_files\": 3 }", "E011@2:27", "\"limits.open_files\" is out of range"),
	BAD("\"limits\": { \"runtime\": \"0s\" }", "E011@2:24", "\"limits.runtime\" is out of range"),
	BAD("\"limits\": { \"runtime\": \"5m\" }", "E010@2:24", "\"5m\" is not a time"),
	BAD("\"limits\": { \"runtime\": \"10\" }", "E010@2:24", "\"10\" is not a time"),
	BAD("\"limits\": { \"runtime\": \"4000d\" }", "E011@2:24", "\"limits.runtime\" is out of range"),
	BAD("\"limits\": { \"io\": { \"sda\": { \"read_bps\": 1 } } }", "E040@2:21", "\"sda\" is not a disk"),
	BAD("\"limits\": { \"io\": { \"8:0\": {} } }", "E040@2:28", "no limit for \"8:0\""),
	BAD("\"umask\": \"77\"", "E011@2:10", "\"77\" is not a mode for \"umask\""),
	BAD("\"umask\": \"1777\"", "E011@2:10", "\"1777\" is not a mode for \"umask\""),
	/* words */
	BAD("\"proc\": \"owm\"", "E014@2:9", "unknown value \"owm\" of \"proc\""),
	BAD("\"share_host\": [\"ip\"]", "E014@2:16", "unknown value \"ip\" of \"share_host\""),
	BAD("\"share_host\": [\"ipc\", \"ipc\"]", "E039@2:23", "\"ipc\" stands in \"share_host\" twice"),
	BAD("\"stop\": { \"signal\": \"TERM\" }", "E027@2:21", "unknown signal \"TERM\""),
	BAD("\"stop\": { \"signal\": \"SIGRTMIN+99\" }", "E027@2:21", "unknown signal \"SIGRTMIN+99\""),
	/* names and strings */
	{ "{ \"kapsel\": 1, \"name\": \"Web\", \"rootfs\": \"/r\", \"command\": [\"/c\"] }", "E018@1:24",
	  "\"Web\" can't be the name of a container" },
	{ "{ \"kapsel\": 1, \"name\": \"../x\", \"rootfs\": \"/r\", \"command\": [\"/c\"] }", "E018@1:24",
	  "\"../x\" can't be the name of a container" },
	{ "{ \"kapsel\": 1, \"name\": \"\", \"rootfs\": \"/r\", \"command\": [\"/c\"] }", "E018@1:24",
	  "\"\" can't be the name of a container" },
	BAD("\"hostname\": \"a\\nb\"", "E015@2:13", "control character in \"hostname\""),
	BAD("\"hostname\": \"-a\"", "E018@2:13", "\"-a\" can't be a host name"),
	BAD("\"description\": \"\\u009b\"", "E015@2:16", "control character in \"description\""),
	BAD("\"labels\": { \"a\\u000a\": \"x\" }", "E015@2:13", "control character in the name of a label"),
	BAD("\"labels\": { \"\": \"x\" }", "E018@2:13", "a label needs a name"),
	BAD("\"apparmor\": \"\"", "E018@2:13", "the label is empty"),
	BAD("\"selinux\": \"x\\n\"", "E015@2:12", "control character in \"selinux\""),
	/* command and environment */
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": \"/r\", \"command\": [] }", "E032@1:56",
	  "\"command\" is empty" },
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": \"/r\", \"command\": [\"sh\"] }", "E032@1:57",
	  "\"sh\" is not an absolute path" },
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": \"/r\", \"command\": [\"/bin/../sh\"] }",
	  "E016@1:57", "the program to start contains \"..\"" },
	BAD("\"workdir\": \"srv\"", "E016@2:12", "\"workdir\" is not an absolute path"),
	BAD("\"env\": { \"\": \"x\" }", "E031@2:10", "a variable needs a name"),
	BAD("\"env\": { \"A=B\": \"x\" }", "E031@2:10", "the name of a variable can't contain \"=\""),
	BAD("\"env\": { \"A\\nB\": \"x\" }", "E015@2:10", "control character in the name of a variable"),
	BAD("\"env\": { \"LISTEN_FDS\": \"1\" }", "E031@2:10", "\"LISTEN_FDS\" is set by the launcher"),
	BAD("\"env_from_host\": [\"LD_PRELOAD\"]", "E031@2:19", "\"LD_PRELOAD\" can't come from the caller"),
	BAD("\"env_from_host\": [\"LD_AUDIT\"]", "E031@2:19", "\"LD_AUDIT\" can't come from the caller"),
	BAD("\"env_from_host\": [\"GCONV_PATH\"]", "E031@2:19", "\"GCONV_PATH\" can't come from the caller"),
	/* user */
	BAD("\"user\": { \"uid\": -1 }", "E011@2:18", "\"user.uid\" is out of range"),
	BAD("\"user\": { \"uid\": 4294967295 }", "E011@2:18", "\"user.uid\" is out of range"),
	BAD("\"user\": { \"host_id\": 0 }", "E011@2:22", "\"user.host_id\" is out of range"),
	BAD("\"user\": { \"host_id\": \"root\" }", "E014@2:22", "unknown value \"root\" of \"user.host_id\""),
	BAD("\"user\": { \"host_range\": 0 }", "E011@2:25", "\"user.host_range\" is out of range"),
	BAD("\"user\": { \"host_range\": 1000 }", "E034@2:25",
	    "uid 65532 and gid 65532 are not among the ids inside"),
	BAD("\"user\": { \"groups\": [5] }", "E034@2:22", "group 5 does not exist inside"),
	BAD("\"user\": { \"uid\": 1, \"gid\": 1, \"host_range\": 8, \"groups\": [7, 8] }", "E034@2:62",
	    "group 8 does not exist inside"),
	BAD("\"user\": { \"uid\": 1, \"gid\": 1, \"host_id\": 4294967294, \"host_range\": 8 }", "E034@2:68",
	    "the range of host ids ends above 4294967294"),
	/* mounts */
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": \"/\", \"command\": [\"/c\"] }", "E022@1:39",
	  "a rootfs of / exposes the host" },
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": { \"path\": \"/./\" }, \"command\": [\"/c\"] }",
	  "E022@1:49", "a rootfs of / exposes the host" },
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": {}, \"command\": [\"/c\"] }", "E007@1:39",
	  "\"rootfs\" needs a \"path\"" },
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": \"r\", \"command\": [\"/c\"] }", "E016@1:39",
	  "\"rootfs\" is not an absolute path" },
	BAD("\"mounts\": { \"/\": { \"type\": \"tmpfs\", \"size\": 4096 } }", "E021@2:13",
	    "nothing can be mounted on /"),
	BAD("\"mounts\": { \"/a/../b\": { \"type\": \"tmpfs\", \"size\": 4096 } }", "E016@2:13",
	    "the mount point contains \"..\""),
	BAD("\"mounts\": { \"a\": { \"type\": \"tmpfs\", \"size\": 4096 } }", "E016@2:13",
	    "the mount point is not an absolute path"),
	BAD("\"mounts\": { \"/proc\": { \"type\": \"tmpfs\", \"size\": 4096 } }", "E021@2:13",
	    "nothing can be mounted on /proc"),
	BAD("\"mounts\": { \"//sys/./fs/\": { \"type\": \"tmpfs\", \"size\": 4096 } }", "E021@2:13",
	    "nothing can be mounted on /sys/fs"),
	BAD("\"mounts\": { \"/dev/shmx\": { \"type\": \"tmpfs\", \"size\": 4096 } }", "E021@2:13",
	    "nothing can be mounted on /dev/shmx"),
	BAD("\"mounts\": { \"/x\": {} }", "E024@2:19", "a mount needs a \"type\""),
	BAD("\"mounts\": { \"/x\": { \"type\": \"tmpfs\" } }", "E024@2:19", "a tmpfs mount needs a \"size\""),
	BAD("\"mounts\": { \"/x\": { \"type\": \"tmpfs\", \"size\": \"unlimited\" } }", "E009@2:46",
	    "\"unlimited\" is not a size"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"tmpfs\", \"size\": 4096, \"idmap\": true } }", "E024@2:52",
	    "\"idmap\" has no meaning for tmpfs"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\" } }", "E024@2:19", "a bind mount needs a \"source\""),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"/y\", \"mode\": \"0755\" } }",
	    "E024@2:53", "\"mode\" has no meaning for bind"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"y\" } }", "E016@2:47",
	    "\"mounts.*.source\" is not an absolute path"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"//.\" } }", "E022@2:47",
	    "binding / exposes the host"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"/proc/1\" } }", "E022@2:47",
	    "binding /proc/1 exposes the host"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"/dev\" } }", "E022@2:47",
	    "binding /dev exposes the host"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"/var/run/docker.sock\" } }",
	    "E023@2:47", "binding /var/run/docker.sock hands the host over"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"/run/containerd/containerd.sock\" } }",
	    "E023@2:47", "binding /run/containerd/containerd.sock hands the host over"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"/run/user/1000/podman/podman.sock\" } }",
	    "E023@2:47", "binding /run/user/1000/podman/podman.sock hands the host over"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"bind\", \"source\": \"/var/run\" } }", "E023@2:47",
	    "binding /var/run hands the host over"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"tmpfs\", \"size\": 4096 }, \"/x/\": { \"type\": \"tmpfs\", \"size\": 4096 } }",
	    "E021@2:54", "/x is mounted twice"),
	BAD("\"mounts\": { \"/x\": { \"type\": \"volume\" } }", "E014@2:29",
	    "unknown value \"volume\" of \"mounts.*.type\""),
	/* secrets and devices */
	BAD("\"secrets\": { \"x\": {} }", "E036@2:19", "a secret needs a \"source\" or a \"credential\""),
	BAD("\"secrets\": { \"x\": { \"source\": \"/a\", \"credential\": \"b\" } }", "E036@2:19",
	    "a secret needs either \"source\" or \"credential\""),
	BAD("\"secrets\": { \"../x\": { \"source\": \"/a\" } }", "E036@2:14",
	    "\"../x\" can't be the name of a secret"),
	BAD("\"secrets\": { \"..\": { \"source\": \"/a\" } }", "E036@2:14",
	    "\"..\" can't be the name of a secret"),
	BAD("\"secrets\": { \"x\": { \"source\": \"/a\", \"mode\": \"4400\" } }", "E011@2:45",
	    "\"4400\" is not a mode for \"secrets.*.mode\""),
	BAD("\"secrets\": { \"x\": { \"credential\": \"../b\" } }", "E036@2:35",
	    "\"../b\" can't be the name of a credential"),
	BAD("\"devices\": { \"/etc/x\": \"r\" }", "E035@2:14", "\"/etc/x\" is not below /dev"),
	BAD("\"devices\": { \"/dev/mem\": \"r\" }", "E035@2:14", "/dev/mem is never given to a container"),
	BAD("\"devices\": { \"/dev/fuse\": \"rwm\" }", "E014@2:27", "unknown value \"rwm\" of \"devices.*\""),
	BAD("\"devices\": { \"/dev/../etc\": \"r\" }", "E016@2:14", "the device contains \"..\""),
	/* network and sockets */
	BAD("\"network\": \"hots\"", "E014@2:12", "unknown value \"hots\" of \"network\""),
	BAD("\"network\": \"pasta\"", "E017@2:12", "\"network\": \"pasta\" is not available in this version"),
	BAD("\"network\": { \"mode\": \"veth\" }", "E017@2:22",
	    "\"network.mode\": \"veth\" is not available in this version"),
	BAD("\"network\": {}", "E007@2:12", "\"network\" needs a \"mode\""),
	BAD("\"network\": { \"mode\": \"join\" }", "E007@2:12", "mode \"join\" needs a \"netns\""),
	BAD("\"network\": { \"mode\": \"join\", \"netns\": \"/n\", \"publish\": [] }", "E017@2:45",
	    "\"network.publish\" is not available in this version"),
	BAD("\"network\": \"none\", \"share_host\": [\"net\"]", "E039@2:35",
	    "\"share_host\" and \"network\" contradict each other"),
	BAD("\"listen\": { \"a\": {} }", "E028@2:18",
	    "a socket needs a \"stream\" or a \"datagram\" address"),
	BAD("\"listen\": { \"a\": { \"stream\": \"80\" } }", "E028@2:30", "can't listen on \"80\""),
	BAD("\"listen\": { \"a\": { \"stream\": \"localhost:80\" } }", "E028@2:30",
	    "can't listen on \"localhost:80\""),
	BAD("\"listen\": { \"a\": { \"stream\": \"0.0.0.0:0\" } }", "E028@2:30",
	    "can't listen on \"0.0.0.0:0\""),
	BAD("\"listen\": { \"a\": { \"stream\": \"0.0.0.0:65536\" } }", "E028@2:30",
	    "can't listen on \"0.0.0.0:65536\""),
	BAD("\"listen\": { \"a\": { \"stream\": \"::1:80\" } }", "E028@2:30", "can't listen on \"::1:80\""),
	BAD("\"listen\": { \"a\": { \"stream\": \"[::1]\" } }", "E028@2:30", "can't listen on \"[::1]\""),
	BAD("\"listen\": { \"a\": { \"stream\": \"@\" } }", "E028@2:30", "can't listen on \"@\""),
	BAD("\"listen\": { \"a\": { \"stream\": \"1.2.3.4:8\\n\" } }", "E015@2:30",
	    "control character in the address of a socket"),
	BAD("\"listen\": { \"a:b\": { \"stream\": \"1.2.3.4:8\" } }", "E018@2:13",
	    "this can't be the name of a socket"),
	BAD("\"listen\": { \"a\": { \"stream\": \"1.2.3.4:8\", \"fd\": 4 } }", "E029@2:49",
	    "descriptor 4 comes without 3 before it"),
	BAD("\"listen\": { \"a\": { \"stream\": \"1.2.3.4:8\", \"fd\": 3 }, \"b\": { \"stream\": \"1.2.3.4:9\", \"fd\": 3 } }",
	    "E029@2:90", "two sockets want descriptor 3"),
	BAD("\"listen\": { \"a\": { \"stream\": \"1.2.3.4:8\", \"fd\": 2 } }", "E011@2:49",
	    "\"listen.*.fd\" is out of range"),
	BAD("\"listen\": { \"a\": { \"datagram\": \"1.2.3.4:8\", \"backlog\": 4 } }", "E028@2:45",
	    "a datagram socket has no \"backlog\""),
	BAD("\"listen\": { \"a\": { \"stream\": \"1.2.3.4:8\" }, \"b\": { \"stream\": \"1.2.3.4:8\" } }",
	    "E028@2:50", "\"a\" and \"b\" listen on the same address"),
	/* rights */
	BAD("\"capabilities\": [\"CAP_CHOWN\"]", "E012@2:18", "unknown capability \"CAP_CHOWN\""),
	BAD("\"capabilities\": [\"CHOWN\", \"CHOWN\"]", "E039@2:27",
	    "\"CHOWN\" stands in \"capabilities\" twice"),
	BAD("\"capabilities\": [\"ALL\"]", "E012@2:18", "unknown capability \"ALL\""),
	BAD("\"syscalls\": { \"allow\": [\"SYS_read\"] }", "E013@2:25", "unknown system call \"SYS_read\""),
	BAD("\"syscalls\": { \"allow\": [\"@bse\"] }", "E013@2:25", "unknown system call group \"@bse\""),
	BAD("\"syscalls\": { \"allow\": [\"*\"] }", "E013@2:25", "unknown system call \"*\""),
	BAD("\"exec\": { \"allow\": [\"sh\"] }", "E016@2:21", "\"exec.allow\" is not an absolute path"),
	/* sysctls */
	BAD("\"sysctls\": { \"kernel.hostname\": \"x\" }", "E030@2:14",
	    "\"kernel.hostname\" belongs to the whole host"),
	BAD("\"sysctls\": { \"kernel.core_pattern\": \"|/x\" }", "E030@2:14",
	    "\"kernel.core_pattern\" belongs to the whole host"),
	BAD("\"sysctls\": { \"net/ipv4/ip.forward\": 1 }", "E030@2:14",
	    "\"net/ipv4/ip.forward\" mixes \".\" and \"/\""),
	BAD("\"sysctls\": { \"net/../kernel/x\": 1 }", "E030@2:14",
	    "\"net/../kernel/x\" mixes \".\" and \"/\""),
	BAD("\"sysctls\": { \"net..x\": 1 }", "E030@2:14", "\"net..x\" can't be the name of a setting"),
	BAD("\"sysctls\": { \"net.\": 1 }", "E030@2:14", "\"net.\" can't be the name of a setting"),
	BAD("\"sysctls\": { \"netx\": 1 }", "E030@2:14", "\"netx\" belongs to the whole host"),
	BAD("\"sysctls\": { \"net.a\": 1 }, \"network\": \"host\"", "E030@2:14",
	    "\"net.a\" would change a namespace that is not the container's own"),
	BAD("\"sysctls\": { \"net.a\": 1 }, \"network\": { \"mode\": \"join\", \"netns\": \"/n\" }",
	    "E030@2:14", "\"net.a\" would change a namespace that is not the container's own"),
	BAD("\"sysctls\": { \"kernel.shmmax\": 1 }, \"share_host\": [\"ipc\"]", "E030@2:14",
	    "\"kernel.shmmax\" would change a namespace that is not the container's own"),
	BAD("\"sysctls\": { \"net.a\": \"1\\n2\" }", "E015@2:23",
	    "control character in the value of a setting"),
	BAD("\"sysctls\": { \"net.a\": 1, \"net/a\": 2 }", "E030@2:1", "\"net.a\" is set twice"),
	BAD("\"sysctls\": { \"kernel.sem_next_id\": 1 }", "E030@2:14",
	    "\"kernel.sem_next_id\" belongs to the whole host"),
	/* not in this version */
	BAD("\"terminal\": true", "E017@2:13", "\"terminal\": true is not available in this version"),
	{ "{ \"kapsel\": 1, \"name\": \"t\", \"rootfs\": { \"path\": \"/r\", \"sha256\": \"x\" }, \"command\": [\"/c\"] }",
	  "E017@1:55", "\"rootfs.sha256\" is not available in this version" },
	/* the whole */
	BAD("\"secrets\": { \"x\": { \"source\": \"/a\" } }, \"mounts\": { \"/run/secrets\": { \"type\": \"tmpfs\", \"size\": 4096 } }",
	    "E039@2:12", "secrets and a mount both want /run/secrets"),
	BAD("\"proc\": \"full\", \"share_host\": [\"pid\"]", "E039@2:9",
	    "\"proc\": \"full\" with the host's pid namespace shows the whole host"),
};

Test(errors, refuses_each_bad_profile_with_code_place_and_reason)
{
	expect_refusals(bad_profiles, ARRAY_SIZE(bad_profiles));
}

Test(errors, never_judges_a_profile_by_a_later_run)
{
	_cleanup_reading_ struct reading bad = read_text(PROFILE(", \"x\": 1"));
	_cleanup_reading_ struct reading good = read_text(PROFILE(""));

	cr_assert(eq(int, bad.result, -22));
	cr_assert(bad.spec == NULL);
	cr_assert(eq(int, good.result, 0));
}

Test(errors, takes_arguments_only_if_the_profile_says_so)
{
	static const char *const arguments[] = { "a", "b\nc", NULL };
	_cleanup_reading_ struct reading refused = read_with(PROFILE(""), arguments);
	_cleanup_reading_ struct reading taken = read_with(PROFILE(", \"args_from_cli\": true"), arguments);

	cr_assert(eq(int, refused.result, -22));
	cr_assert(has_code(&refused.findings, "E033"));
	cr_assert(eq(int, taken.result, 0));
	cr_assert(eq(sz, taken.spec->command.n, 3));
	cr_assert(same_text(taken.spec->command.items[2], "b\nc"));
	cr_assert(taken.spec->command.items[3] == NULL);
}

Test(errors, needs_the_directory_of_credentials)
{
	unsetenv("CREDENTIALS_DIRECTORY");
	_cleanup_reading_ struct reading reading =
		read_text(PROFILE(", \"secrets\": { \"x\": { \"credential\": \"c\" } }"));

	cr_assert(has_code(&reading.findings, "E036"));
}

Test(errors, suggests_what_was_probably_meant)
{
	static const struct helped rows[] = {
		{ PROFILE(", \"volumes\": {}"), "did you mean \"mounts\"? (kapsel explain mounts)" },
		{ PROFILE(", \"memory\": 1"), "\"memory\" stands inside \"limits\"" },
		{ PROFILE(", \"limits\": { \"capabilities\": [] }"),
		  "\"capabilities\" stands at the top of the profile" },
		{ PROFILE(", \"limits\": { \"memroy\": 1 }"), "did you mean \"memory\"?" },
		{ PROFILE(", \"capabilities\": [\"CAP_NET_RAW\"]"), "did you mean \"NET_RAW\"?" },
		{ PROFILE(", \"capabilities\": [\"chown\"]"), "did you mean \"CHOWN\"?" },
		{ PROFILE(", \"capabilities\": [\"KILLL\"]"), "did you mean \"KILL\"?" },
		{ PROFILE(", \"syscalls\": { \"allow\": [\"__NR_write\"] }"), "did you mean \"write\"?" },
		{ PROFILE(", \"syscalls\": { \"allow\": [\"sys_openat2\"] }"), "did you mean \"openat2\"?" },
		{ PROFILE(", \"syscalls\": { \"allow\": [\"threads\"] }"), "did you mean \"@threads\"?" },
		{ PROFILE(", \"stop\": { \"signal\": \"kill\" }"), "did you mean \"SIGKILL\"?" },
		{ PROFILE(", \"limits\": { \"runtime\": \"5m\" }"), "write \"5min\" or \"5ms\"" },
		{ PROFILE(", \"limits\": { \"memory\": \"64mb\" }"), "write \"64MB\"" },
		{ PROFILE(", \"listen\": { \"a\": { \"stream\": \":80\" } }"),
		  "write \"0.0.0.0:80\" for all addresses or \"127.0.0.1:80\" for this host only" },
		{ PROFILE(", \"listen\": { \"a\": { \"stream\": \"localhost:80\" } }"),
		  "write \"127.0.0.1:80\": names are not resolved" },
		{ PROFILE(", \"healthcheck\": {}"), "did you mean \"health\"? (kapsel explain health)" },
		{ PROFILE(", \"network\": \"hots\""), "did you mean \"host\"?" },
	};

	expect_help(rows, ARRAY_SIZE(rows));
}
