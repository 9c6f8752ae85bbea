"""Logs that a program can read: one JSON object a line, each with the request and the operation it belongs to."""

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
import functools
import json
import logging
import queue
import re
import threading
import time
from typing import Any, ClassVar
from urllib.parse import quote

from django.conf import settings
from django.db import connections

from counterfoil.kernel.words import heard
from counterfoil.platform.joints import joint

# What is under way in this thread or task: set by the request middleware and by verbs and steps.
request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
operation_id: contextvars.ContextVar[str] = contextvars.ContextVar("operation_id", default="")
# What every record has of its own; everything else was given with `extra=`.
_OWN = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime", "request"}


@joint
def send_error(subject: str, text: str, /) -> None:
    """One is asked, who knows the way of mail: an error is told to whoever runs the machine."""
    raise NotImplementedError


class Context(logging.Filter):
    """Puts the ids on every record, for both formats."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id, record.operation_id = request_id.get(), operation_id.get()
        return True


class NoSecrets(logging.Filter):
    """Takes out of every record what would let its reader in: the secret part of links, and what came with an address.

    For each handler, because frameworks below write records of their own. Of a request its route is told, not its path.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # a line with the wrong number of words for it is told as it stands
            text = f"{record.msg} {record.args}"
        request = getattr(record, "request", None)
        for path in _paths_of(request):
            text = text.replace(path, route_of(request))
        record.msg, record.args = without_secrets(text), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = without_secrets(record.exc_text)
        for key in ("path", "url", "referer"):
            if isinstance(record.__dict__.get(key), str):
                record.__dict__[key] = without_secrets(record.__dict__[key])
        return True


def _paths_of(request: Any) -> list[str]:
    if not hasattr(request, "get_full_path"):
        return []
    return [path for path in (request.get_full_path(), request.path) if len(path) > 1]


def route_of(request: Any) -> str:
    """The pattern that a request's address fits, which holds no account number and no secret."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else "(no such page)"


def without_secrets(text: str) -> str:
    """The text with an ellipsis for each secret in an address: after `SECRET_ADDRESSES`, or named as one in a query."""
    for pattern in _secrets(tuple(settings.SECRET_ADDRESSES)):
        text = pattern.sub(r"\1…", text)
    return text


@functools.cache
def _secrets(addresses: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    plain = "|".join(re.escape(address) for address in addresses)
    # The same as part of another address, as in `?next=%2Fportal%2Flink%2F…`.
    quoted = "|".join(re.escape(quote(address, safe="")) for address in addresses)
    named = "code|state|token|id_token|access_token|ticket|key|password"
    return (
        re.compile(rf"({plain})[^/\s\"'<>?#&]+", re.IGNORECASE),
        re.compile(rf"({quoted})(?:(?!%2F)[^/\s\"'<>?#&])+", re.IGNORECASE),
        re.compile(rf"((?:[?&]|%3F|%26)(?:{named})(?:=|%3D))(?:(?!%26)[^&\s\"'<>#])+", re.IGNORECASE),
    )


class Json(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "at": at,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(
            {key: value for key, value in record.__dict__.items() if key not in _OWN and value not in ("", None)}
        )
        if record.exc_info or record.exc_text:
            # Made by the filter that takes secrets out, where there is one.
            line["error"] = record.exc_text or self.formatException(record.exc_info or (None, None, None))
        return json.dumps(line, default=str, ensure_ascii=False)


class ErrorMail(logging.Handler):
    """Mails an error to ERRORS_TO, the same one at most every ten minutes, and never what people entered.

    By a thread of its own: whoever met the error may be inside a transaction that is about to be rolled back, and does
    not wait for a database or a mail server.
    """

    every_seconds: ClassVar[float] = 600
    _last: ClassVar[dict[str, float]] = {}
    _MOST_WAITING: ClassVar[int] = 100
    _CLOSING_SECONDS: ClassVar[float] = 5

    def __init__(self) -> None:
        super().__init__()
        self._waiting: queue.Queue[tuple[str, str] | None] = queue.Queue(self._MOST_WAITING)
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """The error waits to be mailed; one that the mailing itself meets does not."""
        if record.name.startswith("django.security"):
            return  # what a stranger sent was refused: that is no error, and strangers send no mail to anybody
        where = f"{record.pathname}:{record.lineno}"
        if record.exc_info and (trace := record.exc_info[2]):
            while trace.tb_next:
                trace = trace.tb_next
            where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        now = time.monotonic()
        known = now - self._last.get(where, -self.every_seconds) < self.every_seconds
        if known or threading.current_thread() is self._thread:
            return
        self._last[where] = now
        ids = f"request {request_id.get()}\noperation {operation_id.get()}"
        text = f"{record.getMessage()}\n\n{ids}\n\n{record.exc_text or ''}"
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait((f"[Counterfoil] {heard(record.getMessage(), most=120)}", text))
        # After a fork it is another process's thread, and not alive here.
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._mail, name="error mail", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """What waits is mailed, if that is a matter of seconds."""
        if self._thread is not None and self._thread.is_alive():
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait(None)
            self._thread.join(self._CLOSING_SECONDS)
        super().close()

    def _mail(self) -> None:
        while (error := self._waiting.get()) is not None:
            try:
                send_error(*error)
            except Exception:  # noqa: BLE001 - there is nobody left to tell but the log
                logging.getLogger(__name__).exception("An error could not be mailed")
            finally:
                connections.close_all()
