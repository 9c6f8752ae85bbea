"""How the API says no: problem details (RFC 9457) with the codes and sentences of the screens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import JsonResponse
from ninja import Schema
from pydantic import Field

from counterfoil.kernel.errors import Refused

# What a code answers with; all others are 422: understood, and refused by a rule.
STATUS = {
    "no_token": 401, "unknown_token": 401, "token_revoked": 401, "token_expired": 401,
    "not_allowed": 403, "whole_only": 403, "needs_approval": 403, "not_found": 404, "no_such_call": 405,
    "key_reused": 409, "done_already": 409,
    "no_length": 411, "too_large": 413,
    "not_json": 415, "bad_json": 400, "too_many": 429,
}  # fmt: skip
TITLES = {
    400: "Cannot be read", 401: "Who asks?", 403: "Not allowed", 404: "Not found", 405: "No such call",
    409: "Used before", 411: "How long?", 413: "Too large", 415: "Send JSON", 422: "Refused", 429: "Too many requests",
}  # fmt: skip


class Wrong(Schema):
    """One thing that is wrong with what was sent."""

    field: str = Field(description="Where, as a path: `amount.minor`, `lines.2.text`. Empty: all of it.")
    code: str
    detail: str


class Problem(Schema):
    """Why a call was refused. Nothing was changed."""

    type: str = Field(description="`about:blank`: `code` says which problem it is.")
    title: str
    status: int
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="A sentence for people: what is wrong, and what to do about it.")
    field: str | None = Field(None, description="The argument it is about.")
    row: int | None = Field(None, description="The line of a file it is about.")
    errors: list[Wrong] | None = Field(None, description="All that is wrong, where more than one thing can be.")


def problem(
    code: str,
    detail: str,
    *,
    field: str | None = None,
    row: int | None = None,
    errors: list[dict[str, str]] | None = None,
) -> JsonResponse:
    """The answer to a call that is refused."""
    status = STATUS.get(code, 422)
    said: dict[str, Any] = {
        "type": "about:blank", "title": TITLES[status], "status": status, "code": code, "detail": detail,
        "field": field, "row": row, "errors": errors,
    }  # fmt: skip
    answer = JsonResponse(
        {key: value for key, value in said.items() if value is not None}, status=status,
        content_type="application/problem+json",
    )  # fmt: skip
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


# What a schema asks, by pydantic's name for it, in words of ours; those in braces are the limits it names.
_SAID = {
    "missing": "It is required.",
    "extra_forbidden": "There is no such field here.",
    "string_type": "Send a text.",
    "string_too_short": "Send a text of at least {min_length} character.",
    "string_too_long": "Send at most {max_length} characters.",
    "string_pattern_mismatch": "That is not how it is written. The schema says how, with an example.",
    "int_type": "Send a whole number.",
    "int_parsing": "Send a whole number.",
    "int_parsing_size": "That number is too large.",
    "int_from_float": "Send a whole number, without a decimal point.",
    "bool_type": "Send true or false.",
    "bool_parsing": "Send true or false.",
    "greater_than": "Send more than {gt}.",
    "greater_than_equal": "Send at least {ge}.",
    "less_than": "Send less than {lt}.",
    "less_than_equal": "Send at most {le}.",
    "literal_error": "Send one of {expected}.",
    "enum": "Send one of {expected}.",
    "list_type": "Send a list.",
    "too_short": "Send at least {min_length} of them.",
    "too_long": "Send at most {max_length} of them.",
    "dict_type": "Send an object.",
    "model_type": "Send an object.",
    "model_attributes_type": "Send an object.",
    "none_required": "Send null, or leave it out.",
}


def said_of(wrong: Mapping[str, Any]) -> str:
    """A sentence for something that does not fit the schema; a check of ours says it itself."""
    context = wrong.get("ctx") or {}
    if found := _SAID.get(str(wrong["type"])):
        return found.format_map(context)
    return str(wrong["msg"]).removeprefix("Value error, ")


def of_refusal(refusal: Refused) -> JsonResponse:
    """A refusal of the business, with the name of the argument as the caller knows it."""
    field = (refusal.field or "").removesuffix("_minor") or None
    return problem(refusal.code, refusal.sentence, field=field, row=refusal.row)
