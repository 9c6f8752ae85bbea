"""Joints: a lower floor asks a question, higher floors answer it (decision 0032).

@joint
def kept_open(customer: Customer, /) -> str:
    \"\"\"Many are asked: a sentence why an account cannot be closed yet, or none.\"\"\"
    raise NotImplementedError

kept_open.plug(subscriptions.keeps_open, sales.keeps_open)      # in site/wiring.py, and nowhere else

for sentence in kept_open(customer): ...                        # every answer, in that order
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Joint(Generic[P, R]):
    """A question. Called like the function that declares it, it returns what each answer returned, in their order."""

    def __init__(self, question: Callable[P, R]) -> None:
        self.name = f"{question.__module__}.{question.__qualname__}"
        named = [par.name for par in inspect.signature(question).parameters.values() if par.kind != par.POSITIONAL_ONLY]
        # Whoever answers may call them something else.
        assert not named, f"{self.name} must take {', '.join(named)} by position alone (/)."
        self.answers: tuple[Callable[P, R], ...] = ()
        update_wrapper(self, question)

    def plug(self, *answers: Callable[P, R]) -> None:
        """These answer from now on. All of them are said at once: more from somewhere else would be in no order."""
        assert self.answers in ((), answers), f"{self.name} has its answers already."
        self.answers = answers

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        if not self.answers:
            raise RuntimeError(f"Nothing answers {self.name}. Plug it in site/wiring.py.")
        return [answer(*args, **kwargs) for answer in self.answers]


def joint(question: Callable[P, R]) -> Joint[P, R]:
    """Make a function a question. It is never called itself: it holds the words, the types, and the docstring.

    The docstring says once whether many answers are asked for or one, which is then taken out of its list:
    `(caller,) = caller_of(user_id)`.
    """
    return Joint(question)
