/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* A container or process in the foreground: its terminal, its signals, its end. */
struct error;
struct run;

/** oci_foreground_prepare() - block the signals that are passed on; before the process is made. */
void oci_foreground_prepare(void);

/**
 * oci_foreground_wait() - serve the terminal if there is one, pass signals on, until run->init_pid ended
 *
 * @notify: the socket of notify_socket_listen(), -1: none
 *
 * Return: its exit code, 128 plus its signal; or -errno with *err filled.
 */
int oci_foreground_wait(struct run *run, int notify, struct error *err);
