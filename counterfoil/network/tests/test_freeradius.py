"""FreeRADIUS itself, with the configuration that is written for this installation: who may connect, and totals."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client

from counterfoil.kernel.errors import Refused
from counterfoil.network import freeradius
from counterfoil.network.interfaces import Target
from counterfoil.network.models import AccessSession, DayUsage
from counterfoil.network.operations import set_walled
from counterfoil.network.tests.helpers import SECRET, a_nas, an_account
from counterfoil.platform.callers import Caller
from counterfoil.testing.world import World

HERE = freeradius.binary() and shutil.which("radclient")
needs_server = pytest.mark.skipif(not HERE, reason="FreeRADIUS is not installed; make test-setup installs it.")
NASES = [("bras 1/a", Target("192.0.2.1", 3799, "long-enough"))]


def test_each_nas_is_a_client(tmp_path: Path) -> None:
    texts = freeradius.files(tmp_path, [*NASES, ("six", Target("2001:db8::1", 3799, "other-one"))],
                             url="https://isp.example/", token="t0ken")  # fmt: skip
    assert texts["clients.conf"] == (
        'client bras_1_a_192.0.2.1 {\n  ipv4addr = 192.0.2.1\n  secret = "long-enough"\n}\n'
        'client six_2001-db8--1 {\n  ipv6addr = 2001:db8::1\n  secret = "other-one"\n}\n'
    )
    assert 'connect_uri = "https://isp.example"' in texts["radiusd.conf"]
    assert '"Authorization: Bearer t0ken"' in texts["policy.conf"]
    freeradius.write(tmp_path, texts)
    written = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir() if path.is_file()}
    assert written == dict.fromkeys(texts, "0o600")


def test_what_cannot_be_written_or_checked_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="letters, digits"):
        freeradius.write(tmp_path / "with space", {})
    monkeypatch.setattr(freeradius, "binary", lambda: "")
    with pytest.raises(Refused, match="FreeRADIUS is not installed here"):
        freeradius.check(tmp_path)


def test_without_a_nas_there_is_nothing_to_write(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no NAS in use"):
        call_command("network", "write", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


@needs_server
def test_a_configuration_that_is_broken_is_not_taken(tmp_path: Path) -> None:
    texts = freeradius.files(tmp_path, NASES, url="http://127.0.0.1:1", token="t")
    freeradius.write(tmp_path, texts)
    assert freeradius.check(tmp_path) == ""
    freeradius.write(tmp_path, {**texts, "clients.conf": "client broken {\n"})
    assert freeradius.check(tmp_path)


def _free() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(folder: Path, port: int) -> Iterator[None]:
    """FreeRADIUS with this configuration, from when it listens until the block ends."""
    with (folder / "out.txt").open("wb") as out:
        server = subprocess.Popen(
            [freeradius.binary(), "-f", "-d", str(folder), "-n", "radiusd"], stdout=out, stderr=out,
            env={**os.environ, "TZ": "UTC"},
        )  # fmt: skip
    try:
        ends = time.monotonic() + 20
        while f":{port:04X} " not in Path("/proc/net/udp").read_text():
            assert server.poll() is None, (folder / "out.txt").read_text()
            assert time.monotonic() < ends, "It does not listen."
        yield
    finally:
        server.terminate()
        server.wait(timeout=10)


def client(port: int, kind: str, text: str, tries: int = 2) -> str:
    done = subprocess.run(
        ["radclient", "-x", "-r", str(tries), "-t", "3", f"127.0.0.1:{port}", kind, SECRET],
        input=text, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.fixture
def product(db: None) -> Iterator[str]:
    """The address of the product, served by a thread that has the database of the test."""
    # The first page that is asked for has the addresses read, which takes longer than a NAS waits.
    Client().get("/health/")
    shared = connections["default"]
    shared.inc_thread_sharing()
    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler, connections_override={"default": shared})
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()
    shared.dec_thread_sharing()


@needs_server
@pytest.mark.once
def test_a_user_connects_and_what_is_reported_adds_up(world: World, product: str, tmp_path: Path) -> None:
    a_nas(world, address="127.0.0.1")
    account = an_account(world, user_name="O'Brien +x@isp.example", password="100%{User-Name}pw")
    auth, acct, name = _free(), _free(), account.user_name
    call_command("network", "write", str(tmp_path), url=product, auth_port=auth, acct_port=acct,
                 listen="127.0.0.1", verbosity=0)  # fmt: skip
    call_command("network", "check", str(tmp_path), verbosity=0)
    with serving(tmp_path, auth):
        asked = f'User-Name = "{name}"\nUser-Password = "{{}}"\nNAS-IP-Address = 127.0.0.1\n'
        # A password is taken as it is, whatever it means to FreeRADIUS.
        good = client(auth, "auth", asked.format("100%{User-Name}pw"))
        assert "Received Access-Accept" in good, good
        assert 'Mikrotik-Rate-Limit = "50000k/100000k"' in good
        assert "Access-Reject" in client(auth, "auth", asked.format("wrong"))
        assert "There is no such user." in client(auth, "auth", asked.replace("O'Brien", "Nobody").format("x"))
        set_walled(Caller.system("task"), number=account.service.subscription.customer.number, walled=True)
        walled = client(auth, "auth", asked.format("100%{User-Name}pw"))
        assert 'Mikrotik-Address-List = "unpaid"' in walled
        assert client(acct, "acct", PACKETS.replace("NAME", name)).count("Received Accounting-Response") == 5
    row = AccessSession.objects.get(session="80700001")
    assert (row.account, row.user_name, row.up, row.down, row.walled) == (account, name, 20, (1 << 32) + 5, True)
    assert (row.started_at.isoformat(), row.ended_at and row.ended_at.isoformat()) == (
        "2026-01-01T07:00:19+00:00", "2026-01-01T11:00:19+00:00"
    )  # fmt: skip
    assert DayUsage.objects.get().down == (1 << 32) + 5
    other = AccessSession.objects.get(session="80700002")
    assert (other.end, other.cause) == ("restart", "NAS-Reboot")


@needs_server
@pytest.mark.once
def test_where_the_product_is_down_nobody_is_refused(world: World, tmp_path: Path) -> None:
    a_nas(world, address="127.0.0.1")
    auth, acct = _free(), _free()
    call_command("network", "write", str(tmp_path), url="http://127.0.0.1:9", auth_port=auth, acct_port=acct,
                 listen="127.0.0.1", verbosity=0)  # fmt: skip
    with serving(tmp_path, auth):
        said = client(auth, "auth", 'User-Name = "ada"\nUser-Password = "x"\nNAS-IP-Address = 127.0.0.1\n', tries=1)
    assert "Received" not in said, said
    assert "No reply from server" in said


_SAME = """User-Name = "NAME"
NAS-IP-Address = 127.0.0.1
NAS-Port = 103
Calling-Station-Id = "02:00:00:03:00:50"
Framed-IP-Address = 100.64.3.82
Class = 0x77616c6c6564
"""
_FIRST = f"""{_SAME}Acct-Session-Id = "80700001"
"""
PACKETS = "\n".join([
    f"{_FIRST}Acct-Status-Type = Start\nEvent-Timestamp = 1767250819\n",
    f"{_FIRST}Acct-Status-Type = Stop\nEvent-Timestamp = 1767265219\nAcct-Session-Time = 14400\n"
    "Acct-Input-Octets = 20\nAcct-Output-Octets = 5\nAcct-Output-Gigawords = 1\nAcct-Terminate-Cause = User-Request\n",
    f"{_FIRST}Acct-Status-Type = Interim-Update\nEvent-Timestamp = 1767258019\nAcct-Session-Time = 7200\n"
    "Acct-Input-Octets = 10\nAcct-Output-Octets = 7\n",
    f'{_SAME}Acct-Session-Id = "80700002"\nAcct-Status-Type = Start\nEvent-Timestamp = 1767265300\n',
    'NAS-IP-Address = 127.0.0.1\nAcct-Status-Type = Accounting-On\nEvent-Timestamp = 1767265400\n'
    'Acct-Session-Id = "00000000"\n',
])  # fmt: skip
