# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of these tests that run inside: built static, so that they run in any image."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conformance"))

import lib_oci  # noqa: E402


def build(name, directory):
    """tests/oci/NAME.c becomes DIRECTORY/NAME."""
    program = directory / name
    subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Werror", "-static", "-o", program,
                    HERE / f"{name}.c"], check=True, timeout=120)
    program.chmod(0o755)
    return program


def make_template(tmp_path_factory, name):
    """A root file system for lib_oci.Oci with the program in /usr/bin."""
    directory = tmp_path_factory.mktemp("template")
    os.chmod(directory, 0o755)
    template = lib_oci.make_template(directory)
    build(name, template / "usr/bin")
    return template
