# SPDX-License-Identifier: LGPL-2.1-or-later
"""buildah: run and bud (build) by the runtime, as root and as an ordinary user."""

import tempfile
from pathlib import Path

import lib_engine
import pytest
from lib_image import IMAGE


class Buildah:
    """Calls of buildah; working containers and images in a storage of their own."""

    def __init__(self, directory, runtime, user=None):
        self.directory, self.runtime, self.user = directory, runtime, user

    def argv(self, *args):
        prefix = self.user.prefix() if self.user else ["env"]
        places = [] if self.user else ["--root", self.directory / "root", "--runroot", self.directory / "runroot"]
        return [*prefix, "BUILDAH_ISOLATION=oci", "/usr/bin/buildah", *places, *args]

    def __call__(self, *args, **options):
        return lib_engine.call(*self.argv(*args), **options)

    def load(self, archive):
        try:
            self("pull", f"docker-archive:{archive}")
        except AssertionError as error:
            raise lib_engine.DaemonError(str(error)) from None

    def run(self, container, *command, options=(), **others):
        return self("run", "--network", "none", "--runtime", self.runtime, *options, container, "--", *command,
                    **others)


@pytest.fixture(params=["root", "user"])
def buildah(request, scratch, runtime, archive):
    user = request.getfixturevalue("user") if request.param == "user" else None
    directory = user.home if user else scratch / "buildah"
    directory.mkdir(exist_ok=True)
    client = Buildah(directory, runtime, user)
    client.load(archive)
    client.work = Path(tempfile.mkdtemp(dir=directory))
    client.work.chmod(0o755)
    yield client
    client("rm", "--all")


def test_run_works_in_a_working_container(buildah):
    shared = buildah.work / "shared"
    shared.mkdir(mode=0o777)
    shared.chmod(0o777)
    name = buildah("from", IMAGE).out.strip()
    result = buildah.run(name, "sh", "-c", "echo out; echo err >&2; exit 7", status=7)
    assert result.out == "out\n" and "err\n" in result.err
    out = buildah.run(
        name, "sh", "-c", "id -un; pwd; echo $WORD; echo x >/s/made; hostname; tail -n +3 /proc/net/dev | cut -d: -f1; "
        "awk '/^CapBnd/ { print $2 }' /proc/self/status; echo kept >/tmp/kept",
        options=["--user", "alice", "--workingdir", "/home/alice", "--env", "WORD=said", "--volume", f"{shared}:/s",
                 "--hostname", "named", "--cap-drop", "all"]).out
    assert out.split() == ["alice", "/home/alice", "said", "named", "lo", "0" * 16]
    assert (shared / "made").read_text() == "x\n"
    assert buildah.run(name, "cat", "/tmp/kept").out == "kept\n"
    argv = buildah.argv("run", "--network", "none", "--terminal", "--runtime", buildah.runtime, name, "--",
                        "sh", "-c", "tty; exit 4")
    shown = lib_engine.call_on_terminal(*argv, status=4)
    assert "/dev/pts/" in shown.out
    assert "nosuchprogram" in buildah.run(name, "nosuchprogram", status=None).err


def test_bud_runs_every_step(buildah):
    context = buildah.work / "context"
    context.mkdir()
    (context / "Containerfile").write_text(
        f"FROM {IMAGE}\nRUN echo made as $(id -u) >/made && mkdir /d\nWORKDIR /d\nUSER alice\n"
        "RUN pwd >/tmp/by; id -un >>/tmp/by\n")
    context.chmod(0o755)
    buildah("bud", "--runtime", buildah.runtime, "--network", "none", "--tag", "built", context)
    name = buildah("from", "built").out.strip()
    assert buildah.run(name, "cat", "/made", "/tmp/by").out == "made as 0\n/d\nalice\n"
    (context / "Containerfile").write_text(f"FROM {IMAGE}\nRUN exit 43\n")
    assert "43" in buildah("bud", "--runtime", buildah.runtime, "--network", "none", context, status=None).err
