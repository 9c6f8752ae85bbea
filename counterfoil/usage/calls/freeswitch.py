"""FreeSWITCH: mod_cdr_csv by its template “example” (15 columns, no heading), and mod_json_cdr."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from counterfoil.kernel.errors import Refused
from counterfoil.usage.calls.records import CUT_OFF, Call, Fields, call_of, digest
from counterfoil.usage.calls.switches import Row, checked

_LEAST, _MOST = 13, 24
# Each is looked through for the next; a file with more is something else.
_MOST_DAMAGED = 1000
_BETWEEN = re.compile(r"[\s,\[\]]*")
# Where a record may begin after one that is damaged.
_AGAIN = re.compile(r"^\{", re.MULTILINE)


def read_table(rows: Iterator[Row], zone: dt.tzinfo) -> Iterator[Call]:
    """caller_id_name, caller_id_number, destination_number, context, start_stamp, answer_stamp, end_stamp, duration,
    billsec, hangup_cause, uuid, bleg_uuid, accountcode, read_codec, write_codec.
    """
    for number, cells, why in checked(rows, _LEAST, _MOST, "FreeSWITCH"):
        filled = [*cells, *[""] * (_MOST - len(cells))]
        answered = bool(filled[5].strip())
        fields = Fields(filled[10], filled[12], filled[4], filled[2], filled[8], filled[7], answered, once=True)
        yield call_of(number, fields, zone, digest(cells), why=why)


def read_json(text: str, zone: dt.tzinfo) -> Iterator[Call]:
    """One record, a list of them, or one after the other. A damaged one is a call that says why."""
    decoder, place, row, line = json.JSONDecoder(), 0, 0, 1
    seen, damaged = 0, 0
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
        if place >= len(text):
            return
        line += text.count("\n", seen, place)
        seen, row = place, row + 1
        try:
            found, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            if row == 1 and text[place] != "{":
                raise Refused("other_format", "The file holds no call records of FreeSWITCH.", field="file") from error
            damaged += 1
            if damaged > _MOST_DAMAGED:
                raise Refused("other_format", f"More than {_MOST_DAMAGED:,} records of the file are damaged.",
                              field="file") from error  # fmt: skip
            again = _AGAIN.search(text, place + 1)
            end = again.start() if again else len(text)
            yield call_of(line, Fields(), zone, digest([text[place:end]]), why=f"{CUT_OFF}, or is no JSON.")
            place = end
            continue
        yield _call(found, line, zone)


def _call(found: Any, line: int, zone: dt.tzinfo) -> Call:
    variables = found.get("variables") if isinstance(found, dict) else None
    if not isinstance(variables, dict):
        text = json.dumps(found)
        return call_of(line, Fields(), zone, digest([text]), why="The record has no variables, which say what it was.")

    def said(name: str) -> str:
        value = variables.get(name, "")
        # The module escapes values as in addresses, unless it is told not to (encode-values).
        return unquote(value) if isinstance(value, str) else str(value) if isinstance(value, int) else ""

    # The epoch is an instant; the stamp is of whatever zone the server is in.
    start = said("start_epoch") if said("start_epoch").strip("0") else said("start_stamp")
    answered = bool(said("answer_epoch").strip("0") or said("answer_stamp")) if "billsec" in variables else None
    why = "" if "billsec" in variables else "The record does not say how long they talked."
    fields = Fields(
        said("uuid") or said("call_uuid"), said("accountcode") or said("sip_from_user"), start, _dialled(found, said),
        said("billsec"), said("duration"), answered, once=True,
    )  # fmt: skip
    key = digest([fields.id, fields.account, fields.start, fields.dialled, fields.talk, fields.duration])
    return call_of(line, fields, zone, key, why=why)


def _dialled(found: dict[str, Any], said: Any) -> str:
    """What was dialled: the profile of the first step of the call, the newest of which is written first."""
    flow = found.get("callflow")
    for step in reversed(flow if isinstance(flow, list) else [flow]):
        profile = step.get("caller_profile") if isinstance(step, dict) else None
        number = profile.get("destination_number") if isinstance(profile, dict) else None
        if isinstance(number, str) and number:
            return unquote(number)
    return str(said("destination_number") or said("dialed_user") or said("sip_to_user"))
