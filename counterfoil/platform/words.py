"""Arguments that many verbs have, each with what it must be said once."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from counterfoil.platform import signatures
from counterfoil.platform.signatures import AboveZero, NotAhead, Says

Reason = Annotated[str, Says(most=200)]
StatementReason = Annotated[str, Says(help="The customer reads it on the statement.", most=200)]
StaffNote = Annotated[str, Says("Note", "Visible to staff only.", most=10_000)]
Reference = Annotated[str, Says(most=120)]
# Minor units: more than nothing, or either way but not nothing.
Amount = Annotated[int, AboveZero()]
Difference = Annotated[int, AboveZero(either=True)]
PastDay = Annotated[dt.date, NotAhead()]
LastDay = Annotated[dt.date, signatures.LastDay]
