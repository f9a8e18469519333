# SPDX-License-Identifier: LGPL-2.1-or-later
"""config.md: POSIX-platform hooks."""

import json
import os
import time

import pytest

from lib_oci import PATH, make_config
from oci_fixtures import spec

FILE = "config.md"
SECTION = "POSIX-platform Hooks"
OF_CREATE = ["prestart", "createRuntime", "createContainer"]
OF_THE_HOST = ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]
KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
RUNTIME_NAMESPACE = ["prestart", "createRuntime", "poststart", "poststop"]


def go_through(oci, config, bundle=None):
    """Create, start, wait, delete."""
    container = oci.start(config.args("/bin/true"), bundle=bundle)
    container.wait()
    container.delete()
    return container


@pytest.fixture(scope="module")
def seen(oci_module):
    """One life with hooks of every kind that write down what they see: {kind: {what: text}}."""
    place = oci_module.place / "seen"
    place.mkdir()
    config = make_config("/bin/helper", "hold").set("annotations", {"org.example.key": "value"})
    config.bind(place, "/data", "rw")
    for kind in KINDS:
        where = "/data" if kind == "startContainer" else place
        config.hook(kind, f"cat > {where}/{kind}.state; for name in mnt net uts; do readlink /proc/self/ns/$name; "
                    f"done > {where}/{kind}.namespaces; pwd > {where}/{kind}.cwd; cat /proc/self/mountinfo > "
                    f"{where}/{kind}.mounts; env > {where}/{kind}.env; date +%s > {where}/{kind}.time; "
                    f"echo {kind} >> {where}/order")
        config.hook(kind, f"echo {kind}-2 >> {where}/order")
    container = oci_module.create(config)
    after_create = (place / "order").read_text().split()
    namespaces = container.namespaces()
    container.start()
    pid = container.pid
    after_start = (place / "order").read_text().split()
    container.ready().kill()
    container.wait()
    container.delete()
    found = {"order": (place / "order").read_text().split(), "after create": after_create, "after start": after_start,
             "container": container, "pid": pid, "namespaces": namespaces}
    for kind in KINDS:
        found[kind] = {name: (place / f"{kind}.{name}").read_text()
                       for name in ("state", "namespaces", "cwd", "mounts", "env")}
    return found


@spec(FILE, SECTION, "MUST", "hooks are called in the listed order, prestart before createRuntime before createContainer")
@spec(FILE, "CreateContainer Hooks", "MUST", "createContainer comes after createRuntime")
@spec(FILE, "Prestart", "MUST", "prestart comes before createRuntime")
def test_config__hooks__order(seen):
    assert seen["order"] == [name for kind in KINDS for name in (kind, kind + "-2")]


@spec(FILE, "CreateRuntime Hooks", "MUST", "prestart, createRuntime and createContainer hooks are part of create")
def test_config__hooks__of_create(seen):
    assert seen["after create"] == [name for kind in OF_CREATE for name in (kind, kind + "-2")]


@spec(FILE, "StartContainer Hooks", "MUST", "startContainer and poststart hooks are part of start, which returns after them")
@spec(FILE, "Poststart", "MUST", "poststart hooks are called before start returns")
def test_config__hooks__of_start(seen):
    assert seen["after start"] == [name for kind in KINDS[:5] for name in (kind, kind + "-2")]


STATUS = {"prestart": "creating", "createRuntime": "creating", "createContainer": "creating", "startContainer": "created",
          "poststart": "running", "poststop": "stopped"}


@pytest.mark.parametrize("kind", KINDS)
@spec(FILE, SECTION, "MUST", "the container's state is on a hook's standard input")
def test_config__hooks__get_the_state(seen, kind):
    state = json.loads(seen[kind]["state"])
    container = seen["container"]
    assert state["id"] == container.id and state["bundle"] == str(container.bundle.path), state
    assert state["ociVersion"].startswith("1.") and state["annotations"] == {"org.example.key": "value"}, state
    if kind in RUNTIME_NAMESPACE and kind != "poststop":
        assert state["pid"] == seen["pid"], state
    assert state["status"] in (STATUS[kind], "created" if kind in OF_CREATE else STATUS[kind]), state


@pytest.mark.parametrize("kind", RUNTIME_NAMESPACE)
@spec(FILE, SECTION, "MUST", "prestart, createRuntime, poststart and poststop hooks run in the runtime's namespaces")
def test_config__hooks__of_the_runtime_namespace(seen, kind):
    here = [os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "net", "uts")]
    assert seen[kind]["namespaces"].split() == here


@pytest.mark.parametrize("kind", ["createContainer", "startContainer"])
@spec(FILE, SECTION, "MUST", "createContainer and startContainer hooks run in the container's namespaces")
def test_config__hooks__of_the_container_namespace(seen, kind):
    inside = seen["namespaces"]
    assert seen[kind]["namespaces"].split()[1:] == [inside["net"], inside["uts"]]
    if kind == "startContainer":
        assert seen[kind]["namespaces"].split()[0] == inside["mnt"]
    assert seen[kind]["namespaces"].split()[0] != os.readlink("/proc/self/ns/mnt")


@spec(FILE, "CreateContainer Hooks", "MUST", "createContainer hooks run after the mounts and before pivot_root")
def test_config__hooks__create_container_is_before_the_pivot(seen):
    rootfs = str(seen["container"].bundle.rootfs)
    targets = [line.split()[4] for line in seen["createContainer"]["mounts"].splitlines()]
    assert rootfs in targets and f"{rootfs}/proc" in targets and f"{rootfs}/data" in targets, targets


@pytest.mark.parametrize("kind", ["prestart", "createRuntime"])
@spec(FILE, "CreateRuntime Hooks", "MUST", "prestart and createRuntime hooks run when the namespaces and mounts are there, before pivot_root")
def test_config__hooks__create_runtime_sees_the_namespaces(oci, kind):
    place = oci.place / "out"
    script = f"cat > {place}.state; pid=$(tr -d '\\n' < {place}.state | sed 's/.*\"pid\" *: *\\([0-9]*\\).*/\\1/'); " \
             f"readlink /proc/$pid/ns/net > {place}; cat /proc/$pid/mountinfo > {place}.mounts"
    container = oci.create(make_config().hook(kind, script))
    assert place.read_text().strip() == container.namespaces()["net"]
    targets = [line.split()[4] for line in (oci.place / "out.mounts").read_text().splitlines()]
    assert f"{container.bundle.rootfs}/proc" in targets, targets


@pytest.mark.parametrize("kind", OF_THE_HOST)
@spec(FILE, SECTION, "MUST", "the path of every hook but startContainer's is the host's")
def test_config__hooks__path_is_the_hosts(oci, kind):
    program, mark = oci.place / "program", oci.place / "mark"
    program.write_text(f"#!/bin/sh\necho called > {mark}\n")
    program.chmod(0o755)
    go_through(oci, make_config().add(f"hooks.{kind}", {"path": str(program), "env": [PATH]}))
    assert mark.exists()


@spec(FILE, "StartContainer Hooks", "MUST", "the path of a startContainer hook is the container's")
def test_config__hooks__path_of_start_container_is_the_containers(oci):
    bundle = oci.bundle()
    bundle.put("/opt/program", "#!/bin/sh\necho called > /mark\n", 0o755)
    go_through(oci, make_config().add("hooks.startContainer", {"path": "/opt/program"}), bundle)
    assert (bundle.rootfs / "mark").exists()


@pytest.mark.parametrize("kind", KINDS)
@spec(FILE, SECTION, "MUST", "the path of a hook is absolute")
def test_config__hooks__a_relative_path_is_refused(oci, kind):
    oci.assert_refused(make_config().add(f"hooks.{kind}", {"path": "bin/true"}))


@spec(FILE, SECTION, "MUST", "args is the hook's argv, its first word included; without it the path is")
def test_config__hooks__args(oci):
    program, mark = oci.place / "program", oci.place / "mark"
    program.write_text(f"#!/bin/sh\ntr '\\0' ' ' < /proc/$$/cmdline > {mark}; echo \"$@\" >> {mark}\n")
    program.chmod(0o755)
    go_through(oci, make_config().add("hooks.createRuntime", {"path": str(program), "args": ["zero", "a b", "c"]}))
    assert mark.read_text().endswith("a b c\n"), mark.read_text()
    go_through(oci, make_config().add("hooks.createRuntime", {"path": str(program)}))
    assert mark.read_text().endswith(" \n"), mark.read_text()


@spec(FILE, SECTION, "MUST", "env is the hook's whole environment")
def test_config__hooks__env(oci):
    mark = oci.place / "mark"
    script = oci.place / "script"
    script.write_text(f"#!/bin/sh\n/usr/bin/env > {mark}\n")
    script.chmod(0o755)
    hook = {"path": str(script), "args": ["script"], "env": ["ONE=1", "TWO=a=b"]}
    go_through(oci, make_config().add("hooks.createRuntime", hook))
    found = set(mark.read_text().splitlines())
    assert {"ONE=1", "TWO=a=b"} <= found
    assert {entry.partition("=")[0] for entry in found} <= {"ONE", "TWO", "PWD", "SHLVL", "_", "OLDPWD"}, found


@pytest.mark.parametrize("kind", OF_CREATE)
@spec(FILE, SECTION, "MUST", "timeout is the number of seconds after which a hook is aborted")
def test_config__hooks__timeout(oci, kind):
    oci.assert_works()
    began = time.monotonic()
    result = oci.create(make_config().hook(kind, "exec sleep 30", timeout=1), check=False).result
    assert result.status not in (0, "none: it hung"), result
    assert 0.9 < time.monotonic() - began < 15


@pytest.mark.parametrize("value", [0, -1])
@spec(FILE, SECTION, "MUST", "a timeout is greater than zero")
def test_config__hooks__timeout_must_be_positive(oci, value):
    oci.assert_refused(make_config().hook("createRuntime", "true", timeout=value))


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer", "startContainer"])
@spec(FILE, SECTION, "MUST", "a hook that is not there is an error")
def test_config__hooks__a_missing_program_is_refused(oci, kind):
    oci.assert_refused(make_config().add(f"hooks.{kind}", {"path": "/no/such/hook"}))
