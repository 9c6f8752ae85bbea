"""Dovecot, an IMAP server from Debian, as a process of its own on this machine, with one mailbox."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BINARY = "/usr/sbin/dovecot"
USER, PASSWORD = "help", "hush-hush"
_SETTINGS = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{folder}/mail
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""


@dataclass(frozen=True)
class Mailbox:
    """A mailbox that can be opened at a port of this machine."""

    port: int
    folder: Path

    def put(self, content: bytes, folder: str = "") -> None:
        """An e-mail is delivered, as a mail server does it."""
        place = self.folder / "mail" / folder
        for name in ("tmp", "new", "cur"):
            (place / name).mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns()}.{os.getpid()}.here"
        (place / "tmp" / name).write_bytes(content)
        (place / "tmp" / name).rename(place / "new" / name)
        _give(self.folder / "mail")

    def begin_anew(self) -> None:
        """The folder is another one of the same name: it is empty, and its numbers begin again."""
        shutil.rmtree(self.folder / "mail", ignore_errors=True)
        (self.folder / "mail").mkdir()
        # The server names a folder's life by the second in which it began: two lives within one would be the same.
        life = time.time_ns() % 1_000_000_000 + 1
        named = f"3 V{life} N1 G{life:032x}\n"
        (self.folder / "mail" / "dovecot-uidlist").write_text(named, encoding="ascii")
        _give(self.folder / "mail")


def _owner() -> tuple[int, int]:
    """Whose the mail is: no mailbox is root's."""
    if os.getuid():
        return os.getuid(), os.getgid()
    row = pwd.getpwnam("dovecot")
    return row.pw_uid, row.pw_gid


def _give(place: Path) -> None:
    uid, gid = _owner()
    for path in (place, *place.rglob("*")):
        with contextlib.suppress(FileNotFoundError):
            os.chown(path, uid, gid)


@contextlib.contextmanager
def dovecot() -> Iterator[Mailbox]:
    """A running Dovecot with an empty mailbox; stopped and forgotten afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # The way to its sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="dc-"))
    uid, gid = _owner()
    root = os.getuid() == 0
    (folder / "conf").write_text(_SETTINGS.format(
        folder=folder, user="dovecot" if root else getpass.getuser(), login="dovenull" if root else getpass.getuser(),
        group="dovecot" if root else grp.getgrgid(gid).gr_name, uid=uid, gid=gid, port=port, password=PASSWORD,
    ))  # fmt: skip
    if root:
        folder.chmod(0o755)
        (folder / "mail").mkdir()
        _give(folder / "mail")
    process = subprocess.Popen([BINARY, "-F", "-c", str(folder / "conf")], stderr=subprocess.PIPE)
    try:
        _wait(port, process, folder)
        yield Mailbox(port, folder)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as line:
            if line.recv(4) == b"* OK":
                return
        time.sleep(0.05)
    log = folder / "log"
    raise RuntimeError(f"Dovecot did not begin: {log.read_text()[-2000:] if log.exists() else ''}")
