/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lab/audit/programs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/macro.h"
#include "base/path.h"
#include "base/str.h"

static const struct {
	enum programs_kind kind;
	const char *names; /* with a space before and behind each */
} kinds[] = {
	{ PROGRAMS_SHELL, " sh bash ash dash zsh ksh mksh fish csh tcsh busybox toybox " },
	{ PROGRAMS_PACKAGES,
	  " apt apt-get aptitude dpkg rpm yum dnf microdnf apk pacman zypper pip pip3 npm gem opkg " },
	{ PROGRAMS_BUILD,
	  " gcc cc g++ c++ clang tcc make cmake ld as go rustc cargo javac gdb lldb strace ltrace " },
	{ PROGRAMS_NETWORK,
	  " curl wget nc ncat netcat nc.openbsd nc.traditional nmap socat telnet ftp tftp ssh "
	  "scp sftp tcpdump tshark dig nslookup rsync " },
	{ PROGRAMS_REMOTE, " sshd dropbear telnetd in.telnetd rlogind in.rlogind rshd vncserver Xvnc x11vnc "
			   "xrdp " },
	{ PROGRAMS_SERVICE,
	  " supervisord systemd cron crond anacron inetd xinetd rsyslogd syslog-ng runsvdir "
	  "s6-svscan monit " },
};

enum programs_kind programs_kind(const char *name)
{
	char word[64];

	if (strchr(name, ' ') || strlen(name) > sizeof(word) - 3)
		return PROGRAMS_NONE;
	snprintf(word, sizeof(word), " %s ", name);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strstr(kinds[i].names, word))
			return kinds[i].kind;
	return PROGRAMS_NONE;
}

static bool is_program(int root, const char *path)
{
	_cleanup_fd_ int fd = path_open_in_root(root, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

const char *programs_find(int root, enum programs_kind kind)
{
	static const char *const places[] = { "/usr/sbin",      "/usr/bin", "/usr/local/sbin",
					      "/usr/local/bin", "/sbin",    "/bin" };
	static char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].kind != kind)
			continue;
		for (const char *at = kinds[i].names + 1; *at; at += strcspn(at, " ") + 1)
			for (size_t place = 0; place < ARRAY_SIZE(places); place++) {
				snprintf(path, sizeof(path), "%s/%.*s", places[place], (int)strcspn(at, " "),
					 at);
				if (is_program(root, path))
					return path;
			}
	}
	return NULL;
}
