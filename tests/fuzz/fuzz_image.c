/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * passwd(5) and subuid(5): the first belongs to the image, and HOME comes from it. The reader opens it below
 * the root directory it stands in, so the target changes that for the one call and steps back.
 */
#include <fcntl.h>

#include "base/fd.h"
#include "base/str.h"
#include "launcher/oci/home.h"
#include "launcher/subid.h"
#include "tests/fuzz/directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void home(void)
{
	static const uid_t uids[] = { 0, 1000, 65534 };
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int work = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char ret[64];

	demand(root >= 0 && work >= 0);
	if (chroot(directory_path()) < 0)
		return; /* not root */
	for (size_t i = 0; i < ARRAY_SIZE(uids); i++) {
		memset(ret, 'x', sizeof(ret));
		oci_home_find(uids[i], ret, sizeof(ret));
		demand(strnlen(ret, sizeof(ret)) < sizeof(ret) && str_starts(ret, "HOME=/"));
	}
	demand(fchdir(root) == 0 && chroot(".") == 0 && fchdir(work) == 0);
}

static void subids(void)
{
	char path[128], name[SUBID_NAME_MAX] = "";
	struct subid_range range = { 0 };

	snprintf(path, sizeof(path), "%s/etc/passwd", directory_path());
	if (subid_user_name(path, 1000, name) == 0)
		demand(name[0] && strnlen(name, sizeof(name)) < sizeof(name));
	else
		demand(name[0] == '\0');
	snprintf(path, sizeof(path), "%s/etc/subuid", directory_path());
	if (subid_read(path, name, 1000, &range) == 0 && range.count > 0)
		demand((uint64_t)range.first + range.count - 1 < UINT32_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	directory_fill(data, size);
	home();
	subids();
	return 0;
}
