"""A private PostgreSQL for one command: started in a temporary folder, thrown away afterwards.

    python -m counterfoil.testing.postgres pytest -q

The command finds its address in DATABASE_URL. PostgreSQL refuses to run as root, so root runs it as `postgres`.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

MISSING = "PostgreSQL is not installed. Install it with: sudo apt-get install -y postgresql"


def _binaries() -> Path:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not versions:
        raise SystemExit(MISSING)
    return versions[-1].parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A running server; yields its DATABASE_URL. Fast and unsafe settings: its data are thrown away."""
    binaries, folder, port = _binaries(), tempfile.mkdtemp(prefix="counterfoil-pg-"), _free_port()
    become: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, user=pwd.getpwnam("postgres").pw_uid)
        become = ["runuser", "-u", "postgres", "--"]
    data = f"{folder}/data"
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off "
        "-c synchronous_commit=off -c full_page_writes=off -c shared_buffers=256MB -c max_wal_size=2GB"
    )

    def run(*command: str) -> None:
        subprocess.run([*become, *command], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run(f"{binaries}/initdb", "-D", data, "-U", "counterfoil", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    run(f"{binaries}/pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start")
    try:
        run(f"{binaries}/createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "counterfoil", "counterfoil")
        yield f"postgres://counterfoil@127.0.0.1:{port}/counterfoil"
    finally:
        subprocess.run(
            [*become, f"{binaries}/pg_ctl", "-D", data, "-m", "immediate", "stop"],
            check=False,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Run a command with DATABASE_URL set to a private server; its exit code is ours."""
    with postgres() as url:
        done = subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}, check=False)
    raise SystemExit(done.returncode)


if __name__ == "__main__":
    main()
