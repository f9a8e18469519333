/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The options that create and run share, as rows of their tables. */
#define CREATE_OPTIONS                                                                                       \
	{ "bundle", 'b', "DIR", "the bundle (default: the working directory)" },                             \
		{ "config", 'f', "FILE", "its config (default: config.json in the bundle)" },                \
		{ "console-socket", 0, "PATH", "unix socket that gets the terminal" },                       \
		{ "pid-file", 0, "FILE", "gets the process id" },                                            \
		{ "pidfd-socket", 0, "PATH", "unix socket that gets a pidfd" },                              \
		{ "no-pivot", 0, NULL, "change the root by moving a mount, for a root on initramfs" },       \
		{ "no-new-keyring", 0, NULL, "keep the caller's session keyring" },                          \
	{                                                                                                    \
		"preserve-fds", 0, "N", "pass descriptors 3 to N+2 on"                                       \
	}
