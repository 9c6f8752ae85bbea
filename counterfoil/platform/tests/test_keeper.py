"""The background work beside the web server: killed, it is started again; told to end, it ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

CHILD = (
    "import os, signal\n"
    "signal.signal(signal.SIGTERM, lambda *_: os._exit(0))\n"
    "print(os.getpid(), flush=True)\n"
    "while True: signal.pause()\n"
)


def test_what_is_killed_comes_back_and_what_is_ended_does_not() -> None:
    command = [sys.executable, "-m", "counterfoil.platform.keeper", sys.executable, "-c", CHILD]
    keeper = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert keeper.stdout is not None
    first = int(keeper.stdout.readline())
    os.kill(first, signal.SIGKILL)
    second = int(keeper.stdout.readline())
    assert second != first
    there = os.pidfd_open(second)
    keeper.terminate()
    _, said = keeper.communicate(timeout=30)
    assert keeper.returncode == 0
    assert said.count("it is started again") == 1
    assert select.select([there], [], [], 30)[0], "What it kept has ended with it."


def test_it_does_not_outlive_a_keeper_that_is_killed() -> None:
    command = [sys.executable, "-m", "counterfoil.platform.keeper", sys.executable, "-c", CHILD]
    keeper = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert keeper.stdout is not None
    there = os.pidfd_open(int(keeper.stdout.readline()))
    keeper.kill()
    keeper.wait()
    assert select.select([there], [], [], 30)[0]
