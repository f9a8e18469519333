# SPDX-License-Identifier: LGPL-2.1-or-later
"""A browser that looks at a page: without network, without a session, each time as if it were new."""

import os
import shutil
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

CHROMIUM = shutil.which("chromium")
TIMEOUT_S = 60

# Each keeps the browser from doing anything but showing the page; root needs --no-sandbox.
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-default-apps --disable-extensions --mute-audio
    --disable-dev-shm-usage --disable-features=Translate,OptimizationHints --no-pings
    --host-resolver-rules=MAP\t*\t~NOTFOUND --hide-scrollbars""".split("\n")
FLAGS = [word.replace("\t", " ") for line in FLAGS for word in line.split(" ") if word]


def run(*arguments):
    """Chromium with these arguments and a profile of its own; returns what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DBUS_")}
    with tempfile.TemporaryDirectory(prefix="kapsel-browser-", ignore_cleanup_errors=True) as home:
        environment.update(HOME=home, XDG_RUNTIME_DIR=home, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent")
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={home}/profile", *arguments]
        # Its helpers may hold the pipe for longer than it lives, so its output is a file.
        with open(f"{home}/out", "w+b") as out, open(f"{home}/err", "w+b") as err:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                       env=environment, cwd=home)
            try:
                process.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                err.seek(0)
                raise AssertionError(f"still runs after {TIMEOUT_S} s: {err.read()[-2000:]}") from None
            out.seek(0)
            err.seek(0)
            assert process.returncode == 0, err.read()[-2000:]
            return out.read().decode(errors="replace")


def screenshot(page, png, width, height, dark=False):
    """The upper left of the page, as a PNG."""
    run(f"--screenshot={png}", f"--window-size={width},{height}",
        *(["--blink-settings=preferredColorScheme=0"] if dark else []), Path(page).as_uri())
    return Path(png).read_bytes()


def pdf(page, path):
    """The page as it is printed."""
    run(f"--print-to-pdf={path}", "--no-pdf-header-footer", Path(page).as_uri())
    return Path(path).read_bytes()


def unpack_png(data):
    """(width, height, rows of bytes, 3 or 4 a pixel) of a PNG with 8 bits a channel."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert depth == 8 and kind in (2, 6)
    size, at, packed = (3 if kind == 2 else 4), 8, b""
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        if name == b"IDAT":
            packed += data[at + 8:at + 8 + length]
        at += length + 12
    return width, height, size, list(_rows(zlib.decompress(packed), width * size, height, size))


def _rows(raw, stride, height, size):
    """Undo the filters of PNG (RFC 2083, 6)."""
    above = bytearray(stride)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = line[x - size] if x >= size else 0
            corner = above[x - size] if x >= size else 0
            if kind == 1:
                line[x] = (line[x] + left) & 255
            elif kind == 2:
                line[x] = (line[x] + above[x]) & 255
            elif kind == 3:
                line[x] = (line[x] + (left + above[x]) // 2) & 255
            elif kind == 4:
                guess = left + above[x] - corner
                near = min((abs(guess - left), 0, left), (abs(guess - above[x]), 1, above[x]),
                           (abs(guess - corner), 2, corner))[2]
                line[x] = (line[x] + near) & 255
        yield bytes(line)
        above = line
