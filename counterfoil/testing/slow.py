"""What is slow never happens while an operation holds the write lock: every test fails that sees it happen.

On SQLite whoever writes keeps all others from writing, so a password hashed or a PDF set inside a transaction stops
the house. Such work belongs into an operation's `before`, or into a task.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any

from counterfoil.platform import operations

# Where the slow things are done, by the name of the function that does each.
SLOW = {
    "django.contrib.auth.hashers.BasePasswordHasher.verify": "A password is hashed",
    "django.contrib.auth.hashers.MD5PasswordHasher.encode": "A password is hashed",
    "django.contrib.auth.hashers.MD5PasswordHasher.verify": "A password is hashed",
    "counterfoil.documents.rendering.render_pdf": "A document is rendered",
    "counterfoil.documents.rendering.render_page": "A page is drawn",
    "counterfoil.documents.rendering._Typesetter.typeset": "A document is rendered",
    "PIL.Image.open": "A picture is read",
    "pypdfium2.PdfDocument.__init__": "A PDF is read",
    "counterfoil.documents.inspection.inspect": "A file is looked into",
    "counterfoil.imports.reading.make_plan": "A file is read",
}
# Python says of these by itself.
_TALKING = {"socket.connect": "Another machine is called", "socket.getaddrinfo": "Another machine is looked up",
            "subprocess.Popen": "A process is started"}  # fmt: skip


class SlowInTransaction(AssertionError):
    """Something slow was done while others wait to write."""


def refuse_inside(what: str) -> None:
    """Fail when this thread is inside an operation."""
    if operations.under_way():
        raise SlowInTransaction(f"{what} inside a write transaction. Do it in the operation's `before`, or in a task.")


def _watched(function: Callable[..., Any], what: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        refuse_inside(what)
        return function(*args, **kwargs)

    return watched


def _watch_process(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _TALKING:
        refuse_inside(_TALKING[event])


def _owner(path: str) -> tuple[Any, str]:
    """The module or class that holds a function, and its name there."""
    *parts, name = path.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found, name
    raise LookupError(path)


def watch() -> None:
    """Watch from now on, in this process."""
    for path, what in SLOW.items():
        owner, name = _owner(path)
        watched = _watched(getattr(owner, name), what)
        plain = getattr(owner, name)
        setattr(owner, name, watched)
        # Whoever imported it by name has the function itself.
        for module in list(sys.modules.values()):
            if getattr(module, "__name__", "").startswith("counterfoil.") and vars(module).get(name) is plain:
                setattr(module, name, watched)
    sys.addaudithook(_watch_process)
