# SPDX-License-Identifier: LGPL-2.1-or-later
"""A2: descriptors, the launcher's own program, and words that turn into something else."""

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

import pytest

import lib_drivers
import lib_host
import lib_oci
from lib_drivers import SECRET, Mount, Start
from lib_faults import Family


def leaked(directory, fds=range(3, 21)):
    """Popen arguments: descriptors of a directory of the host that the caller forgot to close."""
    def leak():
        held = fcntl.fcntl(os.open(directory, os.O_RDONLY | os.O_DIRECTORY), fcntl.F_DUPFD_CLOEXEC, 100)
        for fd in fds:
            os.dup2(held, fd, inheritable=True)
    return {"preexec_fn": leak, "close_fds": False}


LOOK = "cat secret file ../secret 2>/dev/null; pwd"


@pytest.mark.parametrize("cwd", ["/proc/self/fd/3", "/proc/self/fd/7", "/proc/self/fd/20", "/proc/1/cwd",
                                 "/proc/self/cwd", "/dev/fd/9", "/proc/thread-self/fd/8", "/lead",
                                 "/proc/self/root/.."])
def test_a2_01_working_directory_is_a_descriptor_of_the_host(driver, oci, world, cwd):
    bundle = oci.bundle()
    (bundle.rootfs / "lead").symlink_to("/proc/self/fd/7")
    outcome = driver.run(Start(bundle, LOOK, cwd=cwd, launch=leaked(world.path)))
    outcome.assert_safe()
    assert SECRET not in outcome.out and "(unreachable)" not in outcome.out, outcome
    if lib_drivers.RUNTIME == "kapsel" and cwd != "/proc/self/root/..":
        outcome.assert_refused()


def test_a2_01_descriptors_of_the_caller_stay_outside(driver, oci, world):
    script = "for n in 3 4 5 6 7 8 9 10 15 20; do cat /proc/self/fd/$n/secret 2>/dev/null && echo fd $n; done; true"
    outcome = driver.run(Start(oci.bundle(), script, launch=leaked(world.path))).assert_started()
    assert outcome.out == "", outcome
    control = subprocess.run(["/bin/sh", "-c", script], capture_output=True, encoding="utf-8", timeout=60, check=True,
                             **leaked(world.path))
    assert SECRET in control.stdout


@pytest.mark.drivers("oci-exec")
def test_a2_01_working_directory_that_is_exchanged(driver, oci, world, race):
    bundle = oci.bundle()
    (bundle.rootfs / "work").mkdir()
    (bundle.rootfs / "lead").symlink_to("/proc/self/fd/7")
    held = driver.hold(Start(bundle))
    race.exchange(bundle.rootfs / "work", bundle.rootfs / "lead")
    for _ in race.rounds():
        outcome = held.enter(["/bin/sh", "-c", f"echo began; {LOOK}"], ["--cwd", "/work"], **leaked(world.path))
        assert SECRET not in outcome.out and "(unreachable)" not in outcome.out, outcome
        assert outcome.started or outcome.err, outcome
        race.saw(outcome.started)
    held.end()


@pytest.mark.drivers("oci-exec")
def test_a2_02_joining_process_is_taken_over(driver, oci, world, race):
    """A container's process looks at every process named like the runtime, and takes what it can get."""
    name = lib_drivers.RUNTIME
    container = oci.start(lib_oci.make_config("/usr/bin/raider", "watch", name)).ready()
    for _ in race.rounds(least=15):
        container.exec("/bin/true")  # which the watcher may well kill
    container.kill("TERM")
    lib_oci.wait_for(lambda: "looks=" in container.out, what="the watcher's result")
    seen = dict(word.split("=") for word in container.out.split() if "=" in word)
    looks = int(seen.pop("looks"))
    race.exchanges = looks
    assert looks > 0, "it came in unseen: nothing was tried"
    assert set(seen.values()) == {"0"}, seen
    container.wait()
    container.delete()


@pytest.mark.parametrize("way", ["interpreter", "link", "write"])
def test_a2_03_own_program_is_overwritten(driver, oci, world, way):
    before = (hashlib.sha256(driver.program.read_bytes()).digest(), driver.program.stat().st_mtime_ns)
    bundle = oci.bundle()
    bundle.put("/bin/selfie", "#!/proc/self/exe\n", 0o755)
    (bundle.rootfs / "bin/selflink").symlink_to("/proc/self/exe")
    command = {"interpreter": ["/bin/selfie"], "link": ["/bin/selflink"]}.get(way)
    script = "for p in 1 self $PPID; do (echo x >>/proc/$p/exe) 2>/dev/null && echo wrote $p; done; true"
    outcome = driver.run(Start(bundle, script, command=command))
    assert "wrote" not in outcome.out, outcome
    assert way == "write" or outcome.status != 0, outcome
    assert (hashlib.sha256(driver.program.read_bytes()).digest(), driver.program.stat().st_mtime_ns) == before


EVIL = """#include <fcntl.h>
__attribute__((constructor)) static void evil(void) { open("TRACE", O_CREAT | O_WRONLY, 0600); }
"""


@pytest.fixture
def evil(oci):
    """A library that leaves a trace on the host when somebody loads it there."""
    trace, library = oci.place / "trace", oci.place / "evil.so"
    (oci.place / "evil.c").write_text(EVIL.replace("TRACE", str(trace)))
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, oci.place / "evil.c"], check=True, timeout=60)
    subprocess.run(["/bin/true"], env={"LD_PRELOAD": str(library)}, check=True, timeout=60)
    assert trace.exists(), "control: who loads it leaves a trace"
    trace.unlink()
    return library, trace


def test_a2_04_library_of_the_image_in_the_launcher(driver, oci, world, evil):
    library, trace = evil
    bundle = oci.bundle()
    for name in ("evil.so", "lib/libc.so.6", "lib/x86_64-linux-gnu/libc.so.6", "lib/libnss_files.so.2",
                 "lib/x86_64-linux-gnu/libnss_files.so.2", "lib/libseccomp.so.2"):
        (bundle.rootfs / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle.rootfs / name).write_bytes(library.read_bytes())
    bundle.put("/etc/ld.so.preload", "/evil.so\n")
    outcome = driver.run(Start(bundle, env={"GCONV_PATH": "/", "LOCPATH": "/", "LD_PRELOAD": str(library),
                                            "LD_LIBRARY_PATH": "/lib"}))
    outcome.assert_safe()
    assert not trace.exists(), outcome
    if lib_drivers.RUNTIME == "kapsel":
        headers = subprocess.run(["readelf", "-ldW", driver.program.resolve()], capture_output=True, encoding="utf-8",
                                 check=True, timeout=60).stdout
        assert "INTERP" not in headers or "libasan" in headers, headers  # sanitizers can not be linked statically


def test_a2_05_helpers_and_names_of_the_image(driver, oci, world, volume):
    bundle = oci.bundle()
    for name in ("usr/bin/xz", "usr/bin/unpigz", "usr/bin/mount", "usr/bin/getent", "usr/bin/newuidmap",
                 "bin/modprobe"):
        bundle.put(name, "#!/bin/sh\ntouch /vol/touched\n", 0o755)
    bundle.put("/etc/nsswitch.conf", "passwd: compat evil\ngroup: evil\n")
    bundle.put("/etc/passwd", "root:x:1:1::/evil:/bin/sh\n0:x:1:1::/:/bin/sh\n")
    outcome = driver.run(Start(bundle, "id -u", mounts=[Mount("/vol", volume, True)], user=(1000, 1000)))
    assert outcome.assert_started().out == "1000\n", outcome
    assert not (volume / "touched").exists()


def payload_of(held, driver):
    """The host's pid of the container's process."""
    if driver.name in lib_drivers.OCI:
        return held.container.pid
    return Family(held.running.process.pid).wait().payload


def hold(driver, start):
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("bwrap keeps no container to look at")
    held = driver.hold(start)
    assert not isinstance(held, lib_drivers.Outcome), held
    return held


@pytest.mark.drivers("run", "oci-create")
def test_a2_06_descriptor_of_a_cgroup_survives(driver, oci, world):
    held = hold(driver, Start(oci.bundle(), launch=leaked(lib_host.cgroup_mount())))
    links = {fd.name: os.readlink(fd) for fd in Path(f"/proc/{payload_of(held, driver)}/fd").iterdir()}
    held.end()
    assert set(links) == {"0", "1", "2"} and not any("cgroup" in target for target in links.values()), links


@pytest.mark.drivers("run", "oci-create")
def test_a2_07_control_sockets_are_out_of_reach(driver, oci, world):
    """No abstract socket: those are reached from every container of the host's network."""
    held = hold(driver, Start(oci.bundle()))
    lines = Path("/proc/net/unix").read_text().splitlines()
    abstract = [line for line in lines if " @" in line and any(word in line for word in ("kapsel", "crun", "runc"))]
    places = [lib_host.STATE_DIR / held.name] if driver.name == "run" else [oci.root / held.container.id]
    reach = [path for place in places if place.exists() for path in place.rglob("*") if path.is_socket()
             and path.stat().st_mode & 0o077 and place.stat().st_mode & 0o077]
    held.end()
    assert abstract == [] and reach == []


@pytest.mark.drivers("run")
def test_a2_08_launcher_can_not_be_traced_by_its_own_user(driver, oci, world):
    """Init has the container's ids; its /proc/PID is the host's root's all the same, as proc(5) has it of a process
    that is not dumpable. The payload is the control: its directory is its own."""
    held = hold(driver, Start(oci.bundle()))
    family = Family(held.running.process.pid).wait()
    owners = [Path(f"/proc/{pid}/fd").stat().st_uid for pid in (family.init, family.payload)]
    held.end()
    assert owners[0] == 0 and owners[1] != 0, owners


@pytest.mark.parametrize("size", [65535, 65536, 65537, 130000])
def test_a2_09_long_words_arrive_whole(driver, oci, world, size):
    command = ["/bin/sh", "-c", "echo began; echo ${#1} $2", "sh", "x" * size, "end"]
    outcome = driver.run(Start(oci.bundle(), command=command))
    outcome.assert_safe("words")
    assert not outcome.started or outcome.out == f"{size} end\n", outcome
    assert outcome.started or driver.name == "enter", outcome


@pytest.mark.drivers("oci-create", "oci-run")
@pytest.mark.parametrize("count", [341, 70000])
def test_a2_09_more_mappings_than_the_kernel_takes(driver, oci, world, count):
    def config(it):
        mapping = [{"containerID": n, "hostID": 200000 + 2 * n, "size": 1} for n in range(count)]
        it.namespace("user").set("linux.uidMappings", mapping).set("linux.gidMappings", mapping)
    outcome = driver.run(Start(oci.bundle(), config=config))
    outcome.assert_refused()


@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("kind", ["createRuntime", "createContainer", "poststart", "poststop"])
def test_a2_10_hooks_get_nothing_of_the_image_or_the_caller(driver, oci, world, kind):
    seen = oci.place / "seen"

    def config(it):
        it.hook(kind, f"env >{seen}; true", env=["OWN=1", lib_oci.PATH])
        it["annotations"] = {"org.opencontainers.image.cmd": "touch /evil",
                             "run.oci.hooks.stderr": str(world.path / "e"),
                             "org.systemd.property.ExecStartPre": "'/bin/touch /evil'", "cdi.k8s.io/x": "vendor=all",
                             "run.oci.handler": "krun", "module.wasm.image/variant": "compat"}
    outcome = driver.run(Start(oci.bundle(), env={"EVIL": "1", "LD_PRELOAD": "/evil.so"}, config=config,
                               launch={"env": {**os.environ, "CALLERS": "1"}}))
    outcome.assert_started()
    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert "OWN" in names and names <= {"OWN", "PATH", "PWD", "SHLVL", "_", "OLDPWD"}, names
    assert not Path("/evil").exists()


@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("identity", ["-x", "--root=/evil", "--", "-", "--bundle", "-b/evil", "--debug", "=", "a=b"])
def test_a2_11_option_instead_of_an_id(driver, oci, world, identity):
    """Never something that changes what the call does. kapsel refuses ids that could be taken for one, with "--" in
    front as well: who passes such an id on may forget it."""
    bundle = oci.bundle(lib_drivers.make_config(Start(oci.bundle())))
    for dashes in ([], ["--"]):
        result = oci.call("create", "--bundle", bundle.path, *dashes, identity)
        made = [entry.name for entry in oci.root.iterdir()] if oci.root.exists() else []
        if result.status == 0:
            assert made == [identity] and oci.call("state", "--", identity).json()["id"] == identity, result
            assert oci.call("delete", "--force", "--", identity).status == 0
        else:
            assert made == [] and result.err, result
        if lib_drivers.RUNTIME == "kapsel":
            assert result.status == 1 and (not dashes or "invalid container id" in result.err), result
    assert not Path("/evil").exists()


@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("verb", ["state", "start", "kill", "delete", "exec", "ps", "pause", "resume", "update",
                                  "events"])
def test_a2_11_verbs_do_not_take_such_an_id(driver, oci, world, verb):
    if lib_drivers.RUNTIME != "kapsel":
        pytest.skip("kapsel's own rule")
    oci.root.mkdir(mode=0o700)
    for identity in ("-x", "--force", ".", "..", "../state"):
        words = ["/bin/true"] if verb == "exec" else []
        result = oci.call(verb, "--", identity, *words)
        assert result.status in (1, 255) and "invalid container id" in result.err, result


NAMES = ["../x", ".", "..", "a/b", "x" * 1000, "\u00e9", "a\nb", "a b", "--root=/evil", "a\x1b[2J"]


@pytest.mark.drivers("run", "oci-create")
@pytest.mark.parametrize("name", NAMES, ids=[repr(name[:9]) for name in NAMES])
def test_a2_13_name_that_leaves_its_place(driver, oci, world, name):
    if driver.name == "run" and lib_drivers.RUNTIME != "kapsel":
        pytest.skip("bwrap's sandboxes have no names")
    bundle = oci.bundle()
    if driver.name == "run":
        profile = {**lib_drivers.make_profile(driver.kapsel, Start(bundle), ["/bin/true"]), "name": name}
        result = driver.kapsel.call("run", driver.kapsel.write(profile, "odd"))
        status, err = result.status, result.stderr
    else:
        result = oci.call("create", "--bundle", oci.bundle(lib_drivers.make_config(Start(bundle))).path, "--", name)
        status, err = result.status, result.err
        assert not oci.root.exists() or list(oci.root.iterdir()) == [], result
    assert status not in (0, None) and err.strip() and "\x1b" not in err, result


@pytest.mark.drivers("oci-create")
@pytest.mark.parametrize("path", ["/..", "/../../x", "../x", "/a/../../b", "a/..", ".", "a:b:../c", "/a\nb"])
def test_a2_13_cgroup_path_that_leaves_its_place(driver, oci, world, path):
    outcome = driver.run(Start(oci.bundle(), "cat /proc/self/cgroup",
                               config=lambda it: it.set("linux.cgroupsPath", path)))
    outcome.assert_safe()
    if lib_drivers.RUNTIME == "kapsel" and path != "a:b:../c":
        outcome.assert_refused()


@pytest.mark.drivers("run", "oci-create")
@pytest.mark.parametrize("name", ["net.ipv4.ip_forward/../../../kernel/core_pattern", "net/../kernel/core_pattern",
                                  "+kernel.core_pattern", "net.ipv4.conf.lo.forwarding\nkernel.core_pattern",
                                  "kernel.core_pattern", "kernel/core_pattern", "net..ipv4.ip_forward", "net", ""])
def test_a2_12_setting_whose_name_is_another_one(driver, oci, world, name):
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("bwrap sets none")
    before = Path("/proc/sys/kernel/core_pattern").read_text()
    outcome = driver.run(Start(oci.bundle(), profile={"sysctls": {name: "|/evil"}},
                               config=lambda it: it.set("linux.sysctl", {name: "|/evil"})))
    assert Path("/proc/sys/kernel/core_pattern").read_text() == before
    outcome.assert_refused()


def test_a2_12_value_with_a_line_break_is_one_value(driver, oci, world):
    outcome = driver.run(Start(oci.bundle(), 'echo "[$A][$EVIL]"', env={"A": "1\nEVIL=2,+x"}))
    outcome.assert_safe()
    assert not outcome.started or outcome.out == "[1\nEVIL=2,+x][]\n", outcome


@pytest.mark.drivers("run", "oci-create")
@pytest.mark.parametrize("hostname", ["a\nb", "x" * 65, "a/../b\x1b[2J"])
def test_a2_12_host_name_that_is_none(driver, oci, world, hostname):
    if lib_drivers.RUNTIME == "bwrap":
        pytest.skip("bwrap's is an option that is not used here")
    outcome = driver.run(Start(oci.bundle(), "hostname", profile={"hostname": hostname},
                               config=lambda it: it.set("hostname", hostname)))
    outcome.assert_safe()
    assert "\x1b" not in outcome.err, outcome
