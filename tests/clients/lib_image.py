# SPDX-License-Identifier: LGPL-2.1-or-later
"""An image of a static busybox in the docker-archive format, which every client can load.

No registry is asked: the tests run without a network.
"""

import hashlib
import io
import json
import shutil
import subprocess
import tarfile

IMAGE = "localhost/bb:1"

PASSWD = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1001:alice:/home/alice:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
GROUP = "root:x:0:\nalice:x:1001:\nextra:x:1002:alice\nnogroup:x:65534:\n"
DIRECTORIES = {"bin": 0o755, "dev": 0o755, "etc": 0o755, "proc": 0o755, "sys": 0o755, "root": 0o700, "tmp": 0o1777,
               "run": 0o755, "var": 0o755, "home": 0o755, "home/alice": 0o755}


def entry(name, kind=tarfile.REGTYPE, mode=0o755, uid=0, gid=0):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid = kind, mode, uid, gid
    return info


def add_file(tar, name, data, mode=0o644):
    info = entry(name, mode=mode)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def layer():
    busybox = shutil.which("busybox")
    assert busybox, "no busybox: install busybox-static"
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, mode in DIRECTORIES.items():
            owner = {"uid": 1000, "gid": 1001} if name == "home/alice" else {}
            tar.addfile(entry(name, tarfile.DIRTYPE, mode, **owner))
        with open(busybox, "rb") as file:
            add_file(tar, "bin/busybox", file.read(), 0o755)
        for applet in applets:
            if applet != "busybox":
                link = entry(f"bin/{applet}", tarfile.SYMTYPE, 0o777)
                link.linkname = "busybox"
                tar.addfile(link)
        add_file(tar, "etc/passwd", PASSWD.encode())
        add_file(tar, "etc/group", GROUP.encode())
        add_file(tar, "etc/not-executable", b"#!/bin/sh\n")
    return data.getvalue()


def write_image(path, reference=IMAGE, command=("/bin/sleep", "1000000")):
    """Write the image's archive and return its path."""
    root = layer()
    digest = hashlib.sha256(root).hexdigest()
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "created": "2020-01-01T00:00:00Z",
        "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": list(command), "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": "2020-01-01T00:00:00Z", "created_by": "kapsel's tests"}],
    }).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [reference], "Layers": [f"{digest}.tar"]}]
    with tarfile.open(path, "w") as tar:
        add_file(tar, name, config)
        add_file(tar, f"{digest}.tar", root)
        add_file(tar, "manifest.json", json.dumps(manifest).encode())
    return path
