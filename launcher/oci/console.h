/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/*
 * The caller's side of a terminal: the console socket of detached containers, and our own terminal of those
 * in the foreground.
 */
#include <stdbool.h>
#include <termios.h>

struct error;

/** oci_console_connect() - connect to the unix socket of --console-socket. Return: fd or -errno. */
int oci_console_connect(const char *path, struct error *err);

/** oci_console_send() - hand one descriptor over, as recvtty and conmon expect it. 0 or -errno. */
int oci_console_send(int sock, int fd, struct error *err);

/* Our own terminal while it serves as the container's. */
struct oci_terminal {
	int master;            /* not owned */
	bool raw;              /* our stdin was made raw and must be set back */
	struct termios before; /* its settings */
};

/** oci_terminal_open() - make our stdin raw, if it is a terminal, and give the container its size. */
void oci_terminal_open(struct oci_terminal *terminal, int master);

/** oci_terminal_resize() - our terminal has another size now. */
void oci_terminal_resize(const struct oci_terminal *terminal);

/** oci_terminal_input() - pass on what stdin has. Return: false when there is no more to come. */
bool oci_terminal_input(struct oci_terminal *terminal);

/** oci_terminal_output() - pass on what the container printed. Return: false when there is no more to come.
 */
bool oci_terminal_output(struct oci_terminal *terminal);

/** oci_terminal_close() - set our terminal back. */
void oci_terminal_close(struct oci_terminal *terminal);
