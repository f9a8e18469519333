/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every contender starts. Not busybox: its true first tries to give up ids, which a
 * closed profile refuses and reports, so that the reporting would be timed too.
 */
int main(void)
{
	return 0;
}
