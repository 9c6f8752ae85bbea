"""Logs that a program can read: one JSON object a line, each with the request and the operation it belongs to."""

from __future__ import annotations

import contextvars
import datetime as dt
import json
import logging
import time
from typing import Any, ClassVar

from django.utils.log import AdminEmailHandler

# What is under way in this thread or task: set by the request middleware and by `@operation`.
request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
operation_id: contextvars.ContextVar[str] = contextvars.ContextVar("operation_id", default="")
# What every record has of its own; everything else was given with `extra=`.
_OWN = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime", "request"}


class Context(logging.Filter):
    """Puts the ids on every record, for both formats."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id, record.operation_id = request_id.get(), operation_id.get()
        return True


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
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class ErrorMail(AdminEmailHandler):
    """Mails an error to ERRORS_TO, the same one at most every ten minutes, and never what people entered."""

    every_seconds: ClassVar[float] = 600
    _last: ClassVar[dict[str, float]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        where = f"{record.pathname}:{record.lineno}"
        if record.exc_info and (trace := record.exc_info[2]):
            while trace.tb_next:
                trace = trace.tb_next
            where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        now = time.monotonic()
        if now - self._last.get(where, -self.every_seconds) < self.every_seconds:
            return
        self._last[where] = now
        error = self.formatException(record) if record.exc_info else ""
        text = f"{record.getMessage()}\n\nrequest {request_id.get()}\noperation {operation_id.get()}\n\n{error}"
        self.send_mail(self.format_subject(record.getMessage()), text, fail_silently=True)

    @staticmethod
    def formatException(record: logging.LogRecord) -> str:  # noqa: N802 - the name logging uses
        return logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
