#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""receiver.py SOCKET: prints what containers with "log": {"driver": "socket", "socket": SOCKET} write."""

import json
import os
import socket
import sys
import threading


def serve(connection):
    with connection, connection.makefile("r", encoding="utf-8", newline="\n") as lines:
        protocol, version, who = next(lines, "- 0 {}").split(" ", 2)
        if (protocol, version) != ("KAPSEL-LOG", "1"):
            return
        name = json.loads(who).get("name", "?")
        for line in lines:
            if not line.endswith("\n"):
                return  # cut off: it comes again, whole, on the next connection
            entry = json.loads(line)
            print(name, entry["time"], entry["stream"], entry.get("log", ""), end="", flush=True)


if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
with socket.socket(socket.AF_UNIX) as server:
    server.bind(sys.argv[1])
    server.listen()
    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
