# SPDX-License-Identifier: LGPL-2.1-or-later
"""runtime.md: the state, the life of a container and the operations on it."""

import os
import signal
import time
from pathlib import Path

import pytest

from lib_oci import make_config, own_cgroup
from oci_fixtures import spec

FILE = "runtime.md"
ANNOTATIONS = {"org.example.key": "value", "org.example.empty": ""}


def mark(path, word):
    """A hook's script that leaves a line in a file of the host."""
    return f"echo {word} >> {path}"


# --- Scope of a Container, State -------------------------------------------------------------------


@spec(FILE, "Scope of a Container", "MUST", "who created a container can use every operation on it")
def test_runtime__scope__the_creator_uses_every_operation(oci):
    container = oci.create(make_config("/bin/helper", "hold"))
    container.state()
    container.start()
    container.ready().kill("KILL")
    container.wait()
    container.delete()


@pytest.fixture(scope="module")
def created(oci_module):
    config = make_config("/bin/helper", "hold").set("annotations", ANNOTATIONS).set("ociVersion", "1.0.1")
    return oci_module.create(config)


@spec(FILE, "State", "MUST", "the state has ociVersion, id, status and bundle")
def test_runtime__state__has_what_is_required(created):
    state = created.state()
    for key in ("ociVersion", "id", "status", "bundle"):
        assert isinstance(state.get(key), str) and state[key], state
    assert state["id"] == created.id
    assert state["ociVersion"].startswith("1."), state


@spec(FILE, "State", "REQUIRED", "pid is that of the container's process as the host sees it, once created")
def test_runtime__state__has_the_pid_when_created(created):
    assert created.state()["pid"] == created.pid
    assert created.alive()


@spec(FILE, "State", "REQUIRED", "pid is there while running")
def test_runtime__state__has_the_pid_when_running(oci):
    container = oci.running()
    assert container.state()["pid"] == container.pid


@spec(FILE, "State", "MUST", "bundle is the absolute path of the bundle directory")
def test_runtime__state__bundle_is_absolute(oci):
    bundle = oci.bundle()
    container = oci.prepare(make_config(), bundle)
    result = oci.call("create", "--bundle", bundle.path.name, "--pid-file", container.pid_file, container.id,
                      cwd=oci.place, out=container.out_path)
    assert result.status == 0, result
    assert container.state()["bundle"] == str(bundle.path)


@spec(FILE, "State", "MUST", "annotations of the bundle are in the state")
def test_runtime__state__has_the_annotations(created):
    assert created.state().get("annotations") == ANNOTATIONS


@spec(FILE, "State", "MAY", "without annotations the property is absent or an empty map")
def test_runtime__state__without_annotations(oci):
    assert oci.create(make_config()).state().get("annotations", {}) == {}


@spec(FILE, "State", "MUST", "status goes from created over running to stopped, in these words")
def test_runtime__state__status_words(oci):
    container = oci.create(make_config("/bin/helper", "hold"))
    assert container.state()["status"] == "created"
    container.start()
    assert container.ready().state()["status"] == "running"
    container.kill()
    container.wait()
    assert container.state()["status"] == "stopped"


@spec(FILE, "State", "MUST", "ids are unique: a second container can not take one that is in use")
@spec(FILE, "Create", "MUST", "an id in use is an error, and no new container is made")
def test_runtime__create__an_id_in_use_is_refused(oci):
    first = oci.running()
    second = oci.create(make_config("/bin/echo", "second"), identity=first.id, check=False)
    assert second.result.status not in (0, "none: it hung") and second.result.err + second.err
    state = first.state()
    assert (state["pid"], state["status"], state["bundle"]) == (first.pid, "running", str(first.bundle.path))
    assert first.shell("echo alive") == "alive\n"


# --- Lifecycle ---------------------------------------------------------------------------------------


@spec(FILE, "Lifecycle", "MUST NOT", "the user's program does not run before start")
@spec(FILE, "Create", "MUST NOT", "process.args is not applied before start")
def test_runtime__create__does_not_run_the_program(oci):
    config = make_config().shell("echo ran > /mark; echo said")
    container = oci.create(config)
    time.sleep(0.3)
    assert not (container.bundle.rootfs / "mark").exists() and container.out == ""
    container.start()
    assert container.wait() == 0
    assert (container.bundle.rootfs / "mark").exists() and container.out == "said\n"


@spec(FILE, "Lifecycle", "MUST NOT", "a config.json that changes after create does not affect the container")
@spec(FILE, "Create", "MUST", "the container is made of config.json as it was at create")
def test_runtime__create__later_changes_have_no_effect(oci):
    config = make_config("/bin/echo", "first").set("annotations", ANNOTATIONS)
    container = oci.create(config)
    container.bundle.write(make_config("/bin/echo", "second").set("annotations", {"other": "one"}))
    assert container.state()["annotations"] == ANNOTATIONS
    container.start()
    container.wait()
    assert container.out == "first\n"
    container.bundle.write("{")
    container.delete()


@spec(FILE, "Create", "MUST", "all but process is applied at create: namespaces, hostname and mounts are there before start")
def test_runtime__create__applies_the_configuration(oci):
    config = make_config().mount("/data", "tmpfs", "tmpfs", ["size=4096k"])
    container = oci.create(config)
    ours = {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in os.listdir("/proc/self/ns")}
    theirs = container.namespaces()
    for kind in ("pid", "ipc", "uts", "mnt", "net"):
        assert theirs[kind] != ours[kind], kind
    assert "/data" in container.mounts() and "/proc" in container.mounts()


@spec(FILE, "Lifecycle", "MUST", "an environment that can not be made is an error")
@spec(FILE, "Create", "MUST NOT", "a property that can not be applied is an error, and no new container is made")
@pytest.mark.parametrize("change", ["rootfs", "mount", "namespace"])
def test_runtime__create__what_can_not_be_applied_is_refused(oci, change):
    config = make_config()
    if change == "rootfs":
        config.set("root.path", "not-there")
    elif change == "mount":
        config.mount("/data", "no-such-filesystem", "none")
    else:
        config.namespace("network", "/not/there")
    oci.assert_refused(config, start=False)


@spec(FILE, "Lifecycle", "MUST", "start runs the program that process names")
@spec(FILE, "Start", "MUST", "start runs the program as process says")
def test_runtime__start__runs_the_program(oci):
    container = oci.start(make_config("/bin/sh", "-c", "echo $0 $1; exit 7", "zero", "one"))
    assert container.wait() == 7
    assert container.out == "zero one\n"


HOOKS_BEFORE = ["prestart", "createRuntime", "createContainer"]


@pytest.mark.parametrize("kind", HOOKS_BEFORE)
@spec(FILE, "Lifecycle", "MUST", "prestart, createRuntime and createContainer hooks are called by create")
def test_runtime__lifecycle__hooks_of_create_are_called(oci, kind):
    seen = oci.place / "seen"
    container = oci.create(make_config().hook(kind, mark(seen, kind)))
    assert seen.read_text() == f"{kind}\n"
    container.start()
    assert seen.read_text() == f"{kind}\n"


@pytest.mark.parametrize("kind", HOOKS_BEFORE)
@spec(FILE, "Lifecycle", "MUST", "a prestart, createRuntime or createContainer hook that fails is an error, stops the container, "
      "destroys it and calls the poststop hooks")
def test_runtime__lifecycle__a_failing_hook_of_create_ends_the_container(oci, kind):
    oci.assert_works()
    seen = oci.place / "seen"
    config = make_config().shell("echo ran > /mark").hook(kind, "exit 3").hook("poststop", mark(seen, "poststop"))
    container = oci.create(config, check=False)
    assert container.result.status not in (0, "none: it hung") and container.result.err + container.err
    assert oci.call("state", container.id).status != 0, "the container is still there"
    assert not (container.bundle.rootfs / "mark").exists()
    assert seen.exists() and seen.read_text() == "poststop\n", "the poststop hook was not called"


@spec(FILE, "Lifecycle", "MUST", "startContainer hooks are called by start, before the program")
def test_runtime__lifecycle__start_container_hooks_are_called(oci):
    container = oci.create(make_config().shell("echo program >> /seen").hook("startContainer", "echo hook >> /seen"))
    seen = container.bundle.rootfs / "seen"
    assert not seen.exists()
    container.start()
    container.wait()
    assert seen.read_text() == "hook\nprogram\n"


@spec(FILE, "Lifecycle", "MUST", "a startContainer hook that fails is an error and stops the container; poststop hooks are called")
def test_runtime__lifecycle__a_failing_start_container_hook_ends_the_container(oci):
    seen = oci.place / "seen"
    config = make_config().shell("echo ran > /mark").hook("startContainer", "exit 3")
    container = oci.create(config.hook("poststop", mark(seen, "poststop")))
    result = container.start(check=False)
    container.wait()
    assert not (container.bundle.rootfs / "mark").exists(), "the program ran"
    assert result.status not in (0, "none: it hung"), f"start succeeded: {result!r}"
    assert result.err + container.err
    container.delete("--force", check=False)
    assert seen.read_text() == "poststop\n"


@spec(FILE, "Lifecycle", "MUST", "poststart hooks are called by start, after the program was executed")
def test_runtime__lifecycle__poststart_hooks_are_called(oci):
    seen = oci.place / "seen"
    container = oci.create(make_config("/bin/helper", "hold").hook("poststart", mark(seen, "poststart")))
    assert not seen.exists()
    container.start()
    assert seen.read_text() == "poststart\n"


@spec(FILE, "Lifecycle", "MUST", "a poststart hook that fails is an error of start, stops the container and calls the poststop hooks "
      "(since 1.3; earlier a warning)")
def test_runtime__lifecycle__a_failing_poststart_hook_stops_the_container(oci):
    seen = oci.place / "seen"
    config = make_config("/bin/helper", "hold").hook("poststart", "exit 3").hook("poststop", mark(seen, "poststop"))
    container = oci.create(config)
    pid = container.pid
    result = container.start(check=False)
    assert result.status not in (0, "none: it hung"), "start succeeded"
    assert result.err
    container.known_pid = pid
    container.wait()
    container.delete("--force", check=False)
    assert seen.read_text() == "poststop\n"


@spec(FILE, "Lifecycle", "MUST", "poststop hooks are called by delete")
def test_runtime__lifecycle__poststop_hooks_are_called(oci):
    seen = oci.place / "seen"
    container = oci.start(make_config().hook("poststop", mark(seen, "poststop")))
    container.wait()
    assert not seen.exists()
    container.delete()
    assert seen.read_text() == "poststop\n"


@spec(FILE, "Lifecycle", "MUST", "a poststop hook that fails is a warning: the others are called and the container is gone")
@spec(FILE, "Warnings", "MUST", "a warning does not change what the operation does")
def test_runtime__lifecycle__a_failing_poststop_hook_is_a_warning(oci):
    seen = oci.place / "seen"
    container = oci.start(make_config().hook("poststop", "exit 3").hook("poststop", mark(seen, "second")))
    container.wait()
    result = container.delete(check=False)
    assert oci.call("state", container.id).status != 0, "the container is still there"
    assert seen.exists() and seen.read_text() == "second\n"
    assert result.status == 0, result
    assert result.err, "no warning"


@spec(FILE, "Lifecycle", "MUST", "delete undoes what create did: processes, mounts and state are gone")
@spec(FILE, "Delete", "MUST", "delete removes the resources that create made")
def test_runtime__delete__removes_what_create_made(oci):
    container = oci.running()
    cgroup = container.cgroup
    shared = cgroup == own_cgroup()  # a runtime that was told to leave cgroups alone
    container.kill()
    container.wait()
    container.delete()
    assert not container.alive()
    assert not any(container.id in name for place in os.walk(oci.root) for name in place[1] + place[2])
    assert str(container.bundle.path) not in Path("/proc/self/mountinfo").read_text()
    assert shared or not cgroup.exists(), f"{cgroup} is left"


# --- Errors -----------------------------------------------------------------------------------------


@spec(FILE, "Errors", "MUST", "an operation that fails leaves everything as if it had not been tried")
@pytest.mark.parametrize("change", ["program", "mount", "hook"])
def test_runtime__errors__leave_nothing(oci, change):
    oci.assert_works()
    before = Path("/proc/self/mountinfo").read_text()
    config = make_config()
    if change == "program":
        config.args("/no/such/program")
    elif change == "mount":
        config.mount("/data", "no-such-filesystem", "none")
    else:
        config.hook("createRuntime", "exit 1")
    container = oci.create(config, check=False)
    if container.result.status == 0:  # then start must say it, and delete leaves nothing
        assert container.start(check=False).status != 0
        container.delete("--force")
    assert container.result.status != "none: it hung"
    assert oci.call("state", container.id).status != 0
    assert not any(container.id in name for place in os.walk(oci.root) for name in place[1] + place[2])
    assert Path("/proc/self/mountinfo").read_text() == before
    container.bundle.write(make_config())
    assert oci.run(None, bundle=container.bundle, identity=container.id).status == 0, "the id can not be used again"


# --- Query State, Create -------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["state", "create", "start", "kill", "delete"])
@spec(FILE, "Operations", "MUST", "state, create, start, kill and delete are supported; each is an error without an id")
def test_runtime__operations__need_an_id(oci, verb):
    oci.assert_works()
    bundle = oci.bundle(make_config())
    result = oci.call(verb, cwd=bundle.path)
    assert result.status not in (0, "none: it hung"), result
    assert result.err + result.out


@pytest.mark.parametrize("verb", ["state", "start", "kill", "delete"])
@spec(FILE, "Operations", "MUST", "an id that no container has is an error of state, start, kill and delete")
def test_runtime__operations__refuse_an_unknown_id(oci, verb):
    oci.assert_works()
    result = oci.call(verb, oci.new_id(), *(["KILL"] if verb == "kill" else []))
    assert result.status not in (0, "none: it hung"), result
    assert result.err


@spec(FILE, "Create", "MUST", "without a bundle create is an error")
def test_runtime__create__needs_a_bundle(oci):
    oci.assert_works()
    identity = oci.new_id()
    for args in (["--bundle", oci.place / "not-there"], ["--bundle", oci.place]):
        result = oci.call("create", *args, identity)
        assert result.status not in (0, "none: it hung") and result.err, result
        assert oci.call("state", identity).status != 0


@pytest.mark.parametrize("identity", ["", "..", "a/b", "../x"])
@spec(FILE, "Create", "MUST", "an id that is not valid is an error, and no new container is made")
def test_runtime__create__refuses_an_invalid_id(oci, identity):
    oci.assert_works()
    bundle = oci.bundle(make_config())
    result = oci.call("create", "--bundle", bundle.path, identity)
    assert result.status not in (0, "none: it hung") and result.err, result


@spec(FILE, "Create", "MUST", "broken JSON is an error")
@pytest.mark.parametrize("text", ["", "{", '{"ociVersion": "1.0.2"', "[]", "null", "\0"])
def test_runtime__create__refuses_what_is_no_configuration(oci, text):
    oci.assert_refused(text, start=False)


# --- Start -----------------------------------------------------------------------------------------------


@spec(FILE, "Start", "MUST", "starting what is running is an error and has no effect")
def test_runtime__start__twice_is_refused(oci):
    container = oci.running()
    result = container.start(check=False)
    assert result.status not in (0, "none: it hung") and result.err, result
    assert container.state()["status"] == "running" and container.out == "ready\n"


@spec(FILE, "Start", "MUST", "starting what has stopped is an error and has no effect")
def test_runtime__start__of_a_stopped_container_is_refused(oci):
    container = oci.start(make_config("/bin/echo", "once"))
    container.wait()
    result = container.start(check=False)
    assert result.status not in (0, "none: it hung") and result.err, result
    assert container.state()["status"] == "stopped" and container.out == "once\n"


@spec(FILE, "Start", "MUST", "start without process in the configuration is an error")
def test_runtime__start__needs_a_process(oci):
    oci.assert_refused(make_config().remove("process"))


# --- Kill ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["USR1", "SIGUSR1", str(int(signal.SIGUSR1))])
@spec(FILE, "Kill", "MUST", "the signal that is named reaches the container's process")
def test_runtime__kill__sends_the_signal(oci, name):
    script = "trap 'echo usr1; exit 5' USR1; echo ready; while :; do sleep 0.05; done"
    container = oci.start(make_config().shell(script)).ready()
    container.kill(name)
    assert container.wait() == 5
    assert "usr1" in container.out


@spec(FILE, "Kill", "MUST", "a created container can be killed")
def test_runtime__kill__of_a_created_container(oci):
    container = oci.create(make_config("/bin/echo", "ran"))
    container.kill("KILL")
    container.wait()
    assert container.state()["status"] == "stopped"
    assert container.out == ""


@spec(FILE, "Kill", "MUST", "killing what has stopped is an error and has no effect")
def test_runtime__kill__of_a_stopped_container_is_refused(oci):
    container = oci.start(make_config())
    container.wait()
    result = container.kill("KILL", check=False)
    assert result.status not in (0, "none: it hung") and result.err, result
    assert container.state()["status"] == "stopped"


# --- Delete ------------------------------------------------------------------------------------------------


@spec(FILE, "Delete", "MUST", "deleting what has not stopped is an error and has no effect")
def test_runtime__delete__of_a_running_container_is_refused(oci):
    container = oci.running()
    result = container.delete(check=False)
    assert result.status not in (0, "none: it hung") and result.err, result
    assert container.state()["status"] == "running"
    assert container.shell("echo alive") == "alive\n"


@pytest.mark.xfail(strict=True, reason="as crun and runc: who gives up between create and start deletes at once")
@spec(FILE, "Delete", "MUST", "deleting what is only created is an error and has no effect")
def test_runtime__delete__of_a_created_container_is_refused(oci):
    container = oci.create(make_config("/bin/echo", "ran"))
    result = container.delete(check=False)
    assert result.status not in (0, "none: it hung") and result.err, result
    assert container.state()["status"] == "created"
    container.start()
    container.wait()
    assert container.out == "ran\n"


@spec(FILE, "Delete", "MUST NOT", "what was associated with the container but not made by it stays")
def test_runtime__delete__keeps_what_is_not_its_own(oci):
    source = oci.place / "source"
    source.mkdir()
    (source / "file").write_text("kept")
    namespaces = oci.spawn("unshare", "--uts", "--net", "sleep", "1000")
    other = oci.running()
    config = make_config().bind(source, "/data", "rw").namespace("network", f"/proc/{other.pid}/ns/net")
    container = oci.start(config.hook("createRuntime", "true"))
    container.wait()
    container.delete()
    assert (source / "file").read_text() == "kept"
    assert other.state()["status"] == "running" and namespaces.poll() is None
    assert container.bundle.rootfs.is_dir() and (container.bundle.path / "config.json").exists()


@spec(FILE, "Delete", "MAY", "an id can be used again after delete")
def test_runtime__delete__frees_the_id(oci):
    container = oci.start(make_config())
    container.wait()
    container.delete()
    again = oci.create(make_config("/bin/echo", "again"), identity=container.id)
    again.start()
    again.wait()
    assert again.out == "again\n"
