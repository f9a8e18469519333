# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of attacks share: an image with the raider in it, and what is put into images."""

import shutil

import pytest

import lib_programs
from oci_fixtures import oci  # noqa: F401

UP = "../../../../../../../../../.."


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return lib_programs.make_template(tmp_path_factory, "raider")


def inodes(directory):
    """All below a directory, by what would change if somebody made, changed or took something."""
    found = {}
    for path in [directory, *sorted(directory.rglob("*"))]:
        status = path.lstat()
        found[str(path)] = (status.st_ino, status.st_mode, status.st_uid, status.st_mtime_ns, status.st_size)
    return found


def link(bundle, name, target):
    """A link in the image, in the place of whatever is there."""
    path = bundle.rootfs / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def without(config, *places):
    config["mounts"] = [entry for entry in config["mounts"] if entry["destination"] not in places]
    return config
