# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that talk to the services all the time, and know the right answers."""

import random
import re
import socket
import struct
import threading
import time

from lib_services import NET_ADDRESS


class Wrong(Exception):
    """An answer came, and it was not the right one."""


class Client(threading.Thread):
    """One client: asks, waits a moment, asks again. No answer is no failure, a wrong one is."""

    def __init__(self, name, pause_s, timeout_s):
        super().__init__(name=f"client-{name}", daemon=True)
        self.service_name = name
        self.pause_s, self.timeout_s = pause_s, timeout_s
        self.answers = self.failures = 0
        self.wrong = []
        self.last_failure = ""
        self.ending = threading.Event()

    def run(self):
        while not self.ending.is_set():
            try:
                self.talk()
            except Wrong as error:
                if len(self.wrong) < 5:
                    self.wrong.append(str(error))
            except (OSError, EOFError, struct.error) as error:
                self.failures += 1
                self.last_failure = repr(error)
            self.ending.wait(self.pause_s)

    def answered(self):
        self.answers += 1
        self.ending.wait(self.pause_s)

    def talk(self):
        """One connection; calls answered() for each right answer."""
        raise NotImplementedError

    def dial(self, address):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        sock = socket.socket(family)
        sock.settimeout(self.timeout_s)
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        return sock

    def expect(self, answer, wanted, what):
        if answer != wanted:
            raise Wrong(f"{self.service_name}: {what}: {answer!r}, not {wanted!r}")


def receive(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise EOFError("the connection ended")
        data += piece
    return data


def receive_line(sock):
    data = b""
    while not data.endswith(b"\r\n"):
        data += receive(sock, 1)
    return data


class Redis(Client):
    path = None

    def talk(self):
        with self.dial(self.path) as sock:
            for number in range(20):
                key, value = f"key{random.randrange(1000)}", f"value{number}-{random.random()}"
                sock.sendall(f"SET {key} {value}\r\nGET {key}\r\n".encode())
                self.expect(receive_line(sock), b"+OK\r\n", "SET")
                self.expect(receive_line(sock), b"$%d\r\n" % len(value), "GET")
                self.expect(receive(sock, len(value) + 2), value.encode() + b"\r\n", "GET")
                self.answered()
                if self.ending.is_set():
                    return


class Postgres(Client):
    """Each row that it was told is stored has to be there at the end."""

    path = None
    number = 0
    stored = 0
    table_made = False

    def _message(self, sock):
        kind, size = struct.unpack("!cI", receive(sock, 5))
        return kind, receive(sock, size - 4)

    def _until_ready(self, sock):
        rows, error = [], None
        while True:
            kind, body = self._message(sock)
            if kind == b"D":
                size = struct.unpack_from("!I", body, 2)[0]
                rows.append(body[6:6 + size].decode())
            elif kind == b"E":
                error = body.replace(b"\0", b" ").decode(errors="replace")
                if b"C57P0" in body or body.startswith(b"SFATAL"):
                    raise EOFError(error)  # it ends, or it starts
            elif kind == b"Z":
                if error:
                    raise Wrong(f"postgresql: {error}")
                return rows

    def login(self):
        sock = self.dial(self.path)
        try:
            words = b"user\0postgres\0database\0postgres\0\0"
            sock.sendall(struct.pack("!II", 8 + len(words), 196608) + words)
            self._until_ready(sock)
        except BaseException:
            sock.close()
            raise
        return sock

    def query(self, sock, text):
        data = text.encode() + b"\0"
        sock.sendall(b"Q" + struct.pack("!I", 4 + len(data)) + data)
        return self._until_ready(sock)

    def talk(self):
        with self.login() as sock:
            if not self.table_made:
                self.query(sock, "CREATE TABLE IF NOT EXISTS soak (number bigint PRIMARY KEY, filling text)")
                self.table_made = True
            for _ in range(30):
                self.number += 1
                self.query(sock, f"INSERT INTO soak VALUES ({self.number}, repeat('x', {self.number % 500}))")
                self.stored += 1
                if self.number % 10 == 0:
                    rows = self.query(sock, f"SELECT length(filling) FROM soak WHERE number = {self.number}")
                    self.expect(rows, [str(self.number % 500)], "SELECT")
                self.answered()
                if self.ending.is_set():
                    return

    def missing_rows(self):
        """How many of the stored rows are not there. Rows whose answer was lost may be there, too."""
        with self.login() as sock:
            return max(0, self.stored - int(self.query(sock, "SELECT count(*) FROM soak")[0]))


class Http(Client):
    address, path, wanted = None, "/", b""

    def talk(self):
        with self.dial(self.address) as sock:
            sock.sendall(f"GET {self.path} HTTP/1.0\r\n\r\n".encode())
            answer = b""
            while piece := sock.recv(65536):
                answer += piece
            head, end, body = answer.partition(b"\r\n\r\n")
            announced = re.search(rb"(?im)^content-length: *(\d+)", head)
            # Who is killed in the middle of an answer has not given a wrong one, behind a proxy neither.
            if not end or b" 503 " in answer[:20] or b" 502 " in answer[:20] or (announced and
                                                                            len(body) < int(announced[1])):
                raise EOFError("half an answer, or none from behind")
            if self.wanted not in answer:
                raise Wrong(f"{self.service_name}: {answer[:300]!r}")
        self.answers += 1


class Memcached(Client):
    def talk(self):
        with self.dial((NET_ADDRESS, 11211)) as sock:
            for number in range(20):
                value = b"value%d" % number
                sock.sendall(b"set key 0 0 %d\r\n%s\r\nget key\r\n" % (len(value), value))
                self.expect(receive_line(sock), b"STORED\r\n", "set")
                self.expect(receive_line(sock), b"VALUE key 0 %d\r\n" % len(value), "get")
                self.expect(receive_line(sock), value + b"\r\n", "get")
                self.expect(receive_line(sock), b"END\r\n", "get")
                self.answered()
                if self.ending.is_set():
                    return


class Mosquitto(Client):
    """Subscribes to a topic and gets what it publishes there."""

    def talk(self):
        with self.dial((NET_ADDRESS, 1883)) as sock:
            sock.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04load")
            self.expect(receive(sock, 4), b"\x20\x02\x00\x00", "CONNECT")
            sock.sendall(b"\x82\x09\x00\x01\x00\x04soak\x00")
            self.expect(receive(sock, 5), b"\x90\x03\x00\x01\x00", "SUBSCRIBE")
            for number in range(20):
                message = b"\x30\x0a\x00\x04soak%04d" % number
                sock.sendall(message)
                self.expect(receive(sock, len(message)), message, "PUBLISH")
                self.answered()
                if self.ending.is_set():
                    return


class Dns(Client):
    number = 0

    def talk(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(self.timeout_s)
            sock.connect((NET_ADDRESS, 5353))
            self.number = (self.number + 1) % 65536
            question = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04soak\x04test\x00\x00\x01\x00\x01"
            sock.send(struct.pack("!H", self.number) + question)
            answer = sock.recv(600)
            self.expect(answer[:2], struct.pack("!H", self.number), "the number of the answer")
            self.expect(answer[-4:], b"\xc0\x00\x02\x01", "the address")
        self.answers += 1


def http(address, wanted, path="/"):
    return type("Http", (Http,), {"address": address, "wanted": wanted, "path": path})


def make_clients(layout, services):
    """A client for each service that can be talked to."""
    pause_s, timeout_s = 0.05 * layout.slow, 3.0 * layout.slow
    classes = {
        "redis": type("Redis", (Redis,), {"path": str(layout.base / "volumes/redis/redis.sock")}),
        "postgresql": type("Postgres", (Postgres,),
                           {"path": str(layout.base / "volumes/postgresql-socket/.s.PGSQL.5432")}),
        "nginx": http(("127.0.0.1", layout.http_port), b"Served from a read-only root"),
        "memcached": Memcached,
        "mosquitto": Mosquitto,
        "dnsmasq": Dns,
        "haproxy": http((NET_ADDRESS, 8080), b"served by busybox"),
        "httpd": http((NET_ADDRESS, 8081), b"served by busybox"),
        "python": http((NET_ADDRESS, 8000), b"served by python"),
        "exporter": http((NET_ADDRESS, 9100), b"node_textfile_scrape_error", "/metrics"),
    }
    return {name: classes[name](name, pause_s, timeout_s) for name in services if name in classes}


def wait_for_answers(clients, timeout_s):
    """Return: the names of those that get no new answer in time."""
    before = {name: client.answers for name, client in clients.items()}
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if all(client.answers > before[name] for name, client in clients.items()):
            return []
        time.sleep(0.1)
    return [name for name, client in clients.items() if client.answers <= before[name]]
