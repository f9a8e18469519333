# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that the runtime calls and that die: kapsel-systemd, hooks. One answer; nothing is left."""

import shutil

import pytest

import lib_oci
import lib_ways

pytestmark = pytest.mark.root
LIMIT_S = 20 * lib_ways.SLOW
# What a helper may do instead of its work. The request comes on its standard input.
DEATHS = {"at once": "kill -9 $$", "after reading": "cat >/dev/null; kill -9 $$",
          "in the middle of its answer": "cat >/dev/null; printf 5; kill -9 $$",
          "with garbage": "cat >/dev/null; head -c 100000 /dev/urandom", "silently": "exit 0",
          "with an error of its own": "cat >/dev/null; printf '5\\nbroken\\nmend it\\n'"}


@pytest.fixture
def runtime(oci):
    """The runtime beside a helper of the test's own."""
    directory = oci.place / "programs"
    directory.mkdir()
    shutil.copy(oci.path, directory / "kapsel-oci")

    def helper(script):
        (directory / "kapsel-systemd").write_text(f"#!/bin/sh\n{script}\n")
        (directory / "kapsel-systemd").chmod(0o755)
    oci.path = directory / "kapsel-oci"
    oci.helper = helper
    return oci


@pytest.mark.parametrize("verb", ["create", "run"])
@pytest.mark.parametrize("death", DEATHS)
def test_a_systemd_helper_that_dies(runtime, watch, death, verb):
    runtime.helper(DEATHS[death])
    config = lib_oci.make_config("/bin/true").set("linux.cgroupsPath", "system.slice:chaos:helper")
    bundle, name = runtime.bundle(config), runtime.new_id()
    watch.mark()
    refused = runtime.call("--systemd-cgroup", verb, "--bundle", bundle.path, name, timeout_s=LIMIT_S)
    assert refused.status == 1 and refused.err.count("\n") == 1, refused
    watch.assert_clean(f"{verb}: a helper that dies {death}")
    again = runtime.call("run", "--bundle", runtime.bundle(lib_oci.make_config("/bin/true")).path, name)
    assert again.status == 0, again


# The parent of the other two is process 1 of its pid namespace, which can't be killed from inside.
OUTSIDE = ["prestart", "createRuntime"]
HOOKS = [(kind, script) for kind in [*OUTSIDE, "createContainer", "startContainer"]
         for script in ["kill -9 $$", "kill -STOP $$"]] + [(kind, "kill -9 $PPID") for kind in OUTSIDE]


@pytest.mark.parametrize("kind, script", HOOKS)
def test_a_hook_that_dies(oci, watch, kind, script):
    """Or stops and is ended by its timeout, or kills who called it."""
    config = lib_oci.make_config("/bin/true").hook(kind, script, timeout=1)
    bundle, name = oci.bundle(config), oci.new_id()
    watch.mark()
    result = oci.call("run", "--bundle", bundle.path, name, timeout_s=LIMIT_S)
    assert result.status not in (0, "none: it hung"), result
    if "PPID" in script:
        assert oci.call("delete", "--force", name).status == 0
    else:
        assert result.err.count("\n") >= 1, result
    watch.assert_clean(f"{kind} hook: {script}")
