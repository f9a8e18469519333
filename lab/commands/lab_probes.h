/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once
/* The sub-verbs of `kapsel lab` about attacks. */

struct command;

/**
 * lab_probes() - `kapsel lab probes`: print the table of probes
 * @command: of the verb that calls; not used
 * @argv:    argv[0] is "probes"
 *
 * Return: the exit status.
 */
int lab_probes(const struct command *command, int argc, char **argv);

/**
 * lab_probe() - `kapsel lab probe PROFILE`: run the probes under a profile's restrictions
 * @command: of the verb that calls; not used
 * @argv:    argv[0] is "probe"
 *
 * Return: the exit status: STATUS_FINDING when an attack works that the hardest default stops.
 */
int lab_probe(const struct command *command, int argc, char **argv);
