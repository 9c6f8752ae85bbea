"""Background work: the tasks of all queues, and the clock once a minute, in one process."""

from __future__ import annotations

import time
from typing import Any

from django.utils.crypto import get_random_string
from django_tasks_db.management.commands import db_worker

from counterfoil.site.schedule import tick

_EVERY_SECONDS = 60.0


class Worker(db_worker.Worker):
    """A queue worker that looks at the clock between two tasks, so that no other process is needed for it."""

    def __init__(self, *, clock: bool = True, once: bool = False, interval: float = 1.0) -> None:
        super().__init__(
            queue_names=["*"],
            excluded_queue_names=[],
            interval=interval,
            # The parent's run empties the queue and returns; the waiting is done here.
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
        )
        self.clock = clock
        self.once = once
        self._next_tick = 0.0

    def run(self) -> None:
        while self.running:
            self._look_at_the_clock()
            super().run()
            if self.once:
                return
            if self.running:
                time.sleep(self.interval)

    def run_task(self, db_task_result: Any) -> None:
        super().run_task(db_task_result)
        self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        if not self.clock or time.monotonic() < self._next_tick:
            return
        self._next_tick = time.monotonic() + _EVERY_SECONDS
        # A signal in the middle waits for the end, as it does for a task.
        self.running_task = True
        try:
            tick()
        finally:
            self.running_task = False
