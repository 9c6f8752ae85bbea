"""Background work: the tasks of each queue in threads of their own, and the clock once a minute, in one process.

A mail server that says nothing, or a bill run that takes an hour, holds its own threads and nobody else's.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from types import FrameType

from django.db import close_old_connections, connections
from django.utils.crypto import get_random_string
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from counterfoil.platform.tasks import JOBS, MAIL
from counterfoil.site.schedule import tick
from counterfoil.site.zones import local

logger = logging.getLogger(__name__)
_EVERY_SECONDS = 60.0
# How many threads work on a queue. What has no queue of its own is short: links, and what follows what.
THREADS = {MAIL: 2, JOBS: 2, "": 1}
EVERYTHING = "*"


class Lane(db_worker.Worker):
    """One thread's work: the tasks of a queue, one after the other. The unnamed queue is whatever has no lane."""

    def __init__(self, queue: str, stop: threading.Event, interval: float) -> None:
        super().__init__(
            queue_names=[queue or EVERYTHING],
            excluded_queue_names=[] if queue else [name for name in THREADS if name],
            interval=interval,
            # The parent's run empties the queue and returns; the waiting is done here.
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
        )
        self.stop = stop
        self.broke: BaseException | None = None

    def work(self) -> None:
        """Until it is told to stop. What breaks the lane stops the worker: whoever watches over it starts it again."""
        try:
            while not self.stop.is_set():
                # To look takes no lock: SQLite has one, and an idle worker must not hold it.
                if self._anything_waits():
                    with local():
                        self.run()
                self.stop.wait(self.interval)
        except BaseException as error:  # noqa: BLE001 - told by the worker, which raises it
            self.broke = error
            self.stop.set()
        finally:
            connections.close_all()

    def _anything_waits(self) -> bool:
        close_old_connections()
        waiting = DBTaskResult.objects.ready().filter(backend_name=self.backend_name)
        if not self.process_all_queues:
            waiting = waiting.filter(queue_name__in=self.queue_names)
        return bool(waiting.exclude(queue_name__in=self.excluded_queue_names).exists())


class Worker:
    """All lanes, and the clock between them, so that no other process is needed for it."""

    def __init__(self, *, clock: bool = True, once: bool = False, interval: float = 0.5) -> None:
        self.clock = clock
        self.once = once
        self.interval = interval
        self._stop = threading.Event()
        self.lanes = [Lane(queue, self._stop, interval) for queue, count in THREADS.items() for _ in range(count)]

    def run(self) -> None:
        """Work until a signal comes; raises what broke a lane. With `once`, only what waits now."""
        if self.once:
            if self.clock:
                tick()
            with local():
                Lane(EVERYTHING, self._stop, self.interval).run()
            return
        threads = [threading.Thread(target=lane.work, name=f"lane {lane.queue_names[0]}", daemon=True)
                   for lane in self.lanes]  # fmt: skip
        for thread in threads:
            thread.start()
        self._watch_the_clock()
        for thread in threads:
            thread.join()
        for lane in self.lanes:
            if lane.broke is not None:
                raise lane.broke

    def _watch_the_clock(self) -> None:
        next_tick = time.monotonic()
        while not self._stop.is_set():
            if self.clock and time.monotonic() >= next_tick:
                next_tick = time.monotonic() + _EVERY_SECONDS
                close_old_connections()
                tick()
                close_old_connections()
            # A signal handler runs between two waits.
            self._stop.wait(1)

    def configure_signals(self) -> None:
        """The first signal lets each lane end its task; the second does not wait for that."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, self._shut_down)

    def _shut_down(self, number: int, frame: FrameType | None) -> None:
        if self._stop.is_set():
            logger.warning("Received %s again; leaving the tasks under way.", signal.strsignal(number))
            sys.exit(1)
        logger.warning("Received %s; ending after the tasks under way.", signal.strsignal(number))
        self._stop.set()
        for lane in self.lanes:
            lane.running = False
