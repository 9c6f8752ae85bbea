"""What suspension needs of the network: something that switches the services of an account off and on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

Wanted = Literal["off", "on"]


@dataclass(frozen=True)
class Line:
    """The account whose services are switched: its number, by which the network knows it, and its name."""

    number: str
    name: str


@dataclass(frozen=True)
class Done:
    """It is as it was asked to be."""

    said: str = ""


@dataclass(frozen=True)
class Failed:
    """It could not be done now; trying again may help."""

    said: str


Outcome = Done | Failed


class Provisioner(Protocol):
    """A RADIUS server, a router, a headend. Told twice, it does nothing the second time."""

    def cut_off(self, line: Line) -> Outcome: ...

    def restore(self, line: Line) -> Outcome: ...

    def read_back(self, line: Line) -> Wanted | None:
        """How the account stands there now; none where that cannot be known."""


class FakeProvisioner:
    """Keeps what it was told in a list, shared by all its instances; tests clear it."""

    told: ClassVar[list[tuple[str, str]]] = []
    # What to answer to the next commands, in order; anything else is done.
    answers: ClassVar[list[Outcome]] = []
    # What the network shows whatever it was told, by account number.
    stuck: ClassVar[dict[str, Wanted]] = {}

    def cut_off(self, line: Line) -> Outcome:
        return self._tell(line, "off")

    def restore(self, line: Line) -> Outcome:
        return self._tell(line, "on")

    def read_back(self, line: Line) -> Wanted | None:
        told = [wanted for number, wanted in self.told if number == line.number]
        found: Wanted | None = "off" if told and told[-1] == "off" else "on" if told else None
        return self.stuck.get(line.number, found)

    def _tell(self, line: Line, wanted: str) -> Outcome:
        answer = self.answers.pop(0) if self.answers else Done()
        if isinstance(answer, Done):
            self.told.append((line.number, wanted))
        return answer
