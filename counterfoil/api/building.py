"""The API, made of what there is: each noun's list and row, and each verb about it (decision 0033)."""

from __future__ import annotations

import inspect
import json
import threading
import typing
from collections.abc import Callable, Iterable
from functools import cache, reduce, wraps
from operator import or_
from types import UnionType
from typing import Annotated, Any, TypeVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Body, Header, NinjaAPI, Path, Query, Schema
from ninja.errors import HttpError, ValidationError
from pydantic import BaseModel, ConfigDict, Field, create_model

from counterfoil.api.answers import related, schema, summary, whole
from counterfoil.api.kinds import Address, Argument, Number, Reading, arguments_of, body, values
from counterfoil.api.lists import page, parameters
from counterfoil.api.parsing import JsonParser
from counterfoil.api.problems import TITLES, Problem, of_refusal, problem, said_of
from counterfoil.api.tokens import Bearer
from counterfoil.api.values import currency_of
from counterfoil.customers.queries import row_of, within
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.money import Money
from counterfoil.operator.queries import operator_currency
from counterfoil.platform import limits
from counterfoil.platform.approvals import ask_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import work_of
from counterfoil.platform.hearing import Heard, listening
from counterfoil.platform.models import Approval
from counterfoil.platform.operations import VERBS, Verb
from counterfoil.platform.repeats import answered
from counterfoil.platform.showing import Noun, noun_of, nouns

R = TypeVar("R")
# No calls: what a person does about themselves on the portal or the desk, or what has another way here.
NOT_HERE = {
    "access.add_passkey": "A passkey is added by the browser that has it.",
    **dict.fromkeys(("access.remove_passkey", "access.set_password"), "The portal's visitors do that."),
    "access.view_as_customer": "It opens a page.",
    **dict.fromkeys(("desk.export_in_background", "desk.print_documents"), "Rows and documents are read one by one."),
    "desk.export_personal_data": "It says that a person handed a file over.",
    **dict.fromkeys(("imports.upload_file", "imports.drop_parked_rows", "imports.place_parked_row"), "A person looks."),
    **dict.fromkeys(("billing.send_invoices", "receivables.send_statements"), "Each is sent by a call of its own."),
    "messaging.try_mail_server": "What the server answers is read by whoever sets it up, where they do.",
    "messaging.queue_message": "Documents are sent by their own calls.",
    **dict.fromkeys(("platform.approve", "platform.refuse_approval"), "Four eyes are those of people."),
    "platform.ask_approval": "Every call above a limit takes `ask`.",
    **dict.fromkeys(("tickets.set_mailbox", "tickets.take_ticket"), "A person does that at the desk."),
    "staff.add_token": "A token is made where it can be shown once.",
}
_DESCRIPTION = """What staff may see and do, for other programs: by the same rules, rights and limits.

* **Who asks**: `Authorization: Bearer TOKEN`. A token has a role, and may be limited to areas and brands.
* **Money** is `{"minor": 85000, "currency": "ZAR"}` (R850.00). Days are `2026-11-30`. Exact numbers are texts.
* **Safe to send again**: with an `Idempotency-Key` a call is done once, and each repeat has the first answer.
* **Look first**: `dry_run=true` computes everything, says what would happen, and changes nothing.
* **Above a limit**: 403 `needs_approval`. With `ask=true` a colleague is asked (202).
* **Problems** are RFC 9457 with a `code` for programs and a sentence for people. Nothing is ever half done.
"""


class Asked(Schema):
    """Somebody else is asked to approve; nothing has changed yet."""

    model_config = ConfigDict(extra="forbid")

    approval: int
    label: str


# What else a call may answer. Said once in the description: a model for each of a thousand would take seconds.
_READ = (401, 403, 404, 422, 429)
_WRITE = (400, 401, 403, 404, 409, 411, 413, 415, 422, 429)


# So many mistakes are told at once: a thousand rows of them would be longer than what was sent, many times.
_MOST_WRONG = 100
_making = threading.RLock()


def once(make: Callable[[], R]) -> Callable[[], R]:
    """Made at the first call, by one thread; others wait, since each would take seconds for one of its own."""
    kept = cache(make)

    @wraps(make)
    def made() -> R:
        with _making:
            return kept()

    return made


@once
def description() -> dict[str, Any]:
    """The API in words for tools: OpenAPI 3.1."""
    made = api().get_openapi_schema(path_prefix="/api/v1/")
    parts = made["components"]["schemas"]
    for model in (Asked, Problem):
        known = model.model_json_schema(ref_template="#/components/schemas/{model}")
        parts.update(known.pop("$defs", {}))
        parts[model.__name__] = known
    refused = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    asked = {"application/json": {"schema": {"$ref": "#/components/schemas/Asked"}}}
    for calls in made["paths"].values():
        for method, call in calls.items():
            answers = call["responses"]
            for code in _WRITE if method == "post" else _READ:
                answers[str(code)] = {"description": TITLES[code], "content": refused}
            if method == "post":
                answers["202"] = {"description": "A colleague is asked", "content": asked}
    return dict(made)


@once
def api() -> NinjaAPI:
    """The whole of it: built at the first call, since neither a console nor a page has a use for it."""
    made = NinjaAPI(
        title="Counterfoil", version="1", description=_DESCRIPTION, docs_url=None, openapi_url="",
        auth=Bearer(), parser=JsonParser(), urls_namespace="api",
    )  # fmt: skip
    made.add_exception_handler(Refused, _refused)
    made.add_exception_handler(ValidationError, _invalid)
    made.add_exception_handler(HttpError, _unread)
    calls = [
        Call(verb) for verb in sorted(VERBS.values(), key=lambda one: one.name)
        if not verb.own and verb.name not in NOT_HERE
    ]  # fmt: skip
    # What is about no one row first: `customers/add-customer` is no customer of that number.
    for call in calls:
        if call.noun is None:
            _add_verb(made, call)
    for noun in nouns():
        _add_reads(made, noun)
    for call in calls:
        if call.noun is not None:
            _add_verb(made, call)
    return made


def _refused(request: HttpRequest, refusal: Any) -> HttpResponse:
    return of_refusal(refusal)


def _cause(error: Any) -> Refused:
    cause = error.__cause__
    return cause if isinstance(cause, Refused) else Refused("bad_json", error.message)


def _unread(request: HttpRequest, error: Any) -> HttpResponse:
    """What could not be read at all; the parser's own words, where it has some."""
    return of_refusal(_cause(error))


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """All that is wrong with what was sent, by the names it was sent with."""
    found = []
    for wrong in error.errors[:_MOST_WRONG]:
        place = [str(part) for part in wrong["loc"] if part not in ("body", "query", "path", "header")]
        place = place[1:] if wrong["loc"][0] == "body" and place[:1] == ["sent"] else place
        kind = str(wrong["type"])
        code = {"extra_forbidden": "unknown_field", "missing": "required"}.get(kind, kind)
        found.append({"field": ".".join(place), "code": code, "detail": said_of(wrong)})
    first = found[0]
    return problem(
        first["code"], f"{first['field'] or 'The body'}: {first['detail']}", field=first["field"] or None, errors=found
    )


# ------------------------------------------------------------------ reading


def _view(function: Callable[..., Any], name: str, **parameters: tuple[Any, Any]) -> Callable[..., Any]:
    """The function with a signature made here: it is what is checked and described."""
    rows = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest)]
    for key, (kind, default) in parameters.items():
        rows.append(inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default))
    function.__signature__ = inspect.Signature(rows)  # type: ignore[attr-defined]
    function.__annotations__ = {"request": HttpRequest, **{key: kind for key, (kind, _) in parameters.items()}}
    function.__name__ = name
    return function


def _address_of(noun: Noun[Any]) -> tuple[str, Any]:
    """How a path calls a row: its parameter, and what it takes."""
    return ("id", Number) if noun.is_numbered else (noun.by.rpartition("__")[2], Address)


def _add_reads(made: NinjaAPI, noun: Noun[Any]) -> None:
    key, kind = _address_of(noun)
    plural = noun.path.replace("-", " ")
    one = schema(noun)
    rows = create_model(
        f"{one.__name__}List", __config__=ConfigDict(extra="forbid"),
        rows=(list[one], ...),  # type: ignore[valid-type]
        next_cursor=(str | None, Field(..., description="Send it as `cursor` for the next page; null on the last.")),
    )  # fmt: skip
    known = parameters(noun)
    asks = create_model(f"{one.__name__}Query", **known)  # type: ignore[call-overload]

    def get_list(request: HttpRequest, **asked: Any) -> HttpResponse:
        caller = _caller(request)
        _refuse_unknown(request, known)
        caller.must(noun.sees)
        return JsonResponse(page(caller, noun, asked["asked"].model_dump()))

    def get_one(request: HttpRequest, **route: Any) -> HttpResponse:
        caller = _caller(request)
        _refuse_unknown(request, ())
        caller.must(noun.sees)
        return JsonResponse(whole(caller, noun, row_of(caller, noun, route[key])))

    tags = [plural.capitalize()]
    made.get(
        f"/{noun.path}", response={200: rows}, operation_id=f"list_{noun.path.replace('-', '_')}",
        summary=f"List {plural}", tags=tags, description=f"Needs the view `{noun.sees}`.",
    )(_view(get_list, f"list_{noun.name}", asked=(asks, Query(...))))  # fmt: skip
    made.get(
        f"/{noun.path}/{{{key}}}", response={200: schema(noun, complete=True)},
        operation_id=f"get_{noun.name}", summary=f"Read one of the {plural}", tags=tags,
        description=f"Needs the view `{noun.sees}`.",
    )(_view(get_one, f"get_{noun.name}", **{key: (kind, Path(...))}))  # fmt: skip


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]
    return caller


def _refuse_unknown(request: HttpRequest, known: Iterable[str]) -> None:
    if strange := sorted(set(request.GET) - set(known)):
        raise Refused("unknown_field", f"There is no parameter {strange[0][:60]} here.", field=strange[0][:60])
    if twice := sorted(name for name, given in request.GET.lists() if len(given) > 1):
        # `dry_run=true&dry_run=false` would be done.
        raise Refused("twice", f"{twice[0]} is there twice. Say it once.", field=twice[0])


# ------------------------------------------------------------------ doing


class Call:
    """A verb as it is called: what an address names, what is sent, what is answered."""

    def __init__(self, verb: Verb[Any, Any]) -> None:
        self.verb = verb
        hints = typing.get_type_hints(verb.function)
        arguments = arguments_of(verb.function)
        self.subject, self.noun = _subject(arguments, hints)
        self.about = self.noun or _about(arguments, hints)
        self.sent = [row for row in arguments if row.name != self.subject]
        nowhere: tuple[str, Any] = ("", None)
        self.key, self.kind = _address_of(self.noun) if self.noun else nowhere
        self.result, self.answer = _answer(verb, hints.get("return"))

    @property
    def path(self) -> str:
        about = self.about.path if self.about else self.verb.app
        row = f"/{{{self.key}}}" if self.noun else ""
        return f"/{about}{row}/{self.verb.verb.replace('_', '-')}"

    @property
    def tag(self) -> str:
        return (self.about.path.replace("-", " ") if self.about else work_of(self.verb.app)).capitalize()

    @property
    def name(self) -> str:
        return "".join(part.title() for part in self.verb.verb.split("_"))

    def given(self, caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        """The verb's arguments, of what the address names and what was sent."""
        found: dict[str, Any] = {}
        reading = Reading(caller, "")
        if self.noun is not None:
            found[self.subject] = row_of(caller, self.noun, asked[self.key])
            reading.currency = currency_of(found[self.subject])
        reading.currency = reading.currency or operator_currency()
        return {**found, **values(self.sent, asked["sent"], reading)}


def _add_verb(made: NinjaAPI, call: Call) -> None:
    verb = call.verb
    route = {call.key: (call.kind, Path(...))} if call.noun else {}

    def post(request: HttpRequest, **asked: Any) -> HttpResponse:
        caller = _caller(request)
        _refuse_unknown(request, ("dry_run", "ask", "why"))
        if not caller.may(verb):
            raise caller.why_not(verb, f"The role of {caller.name} does not include: {verb.label}.")
        by, asking = _keyed(call, caller, asked)
        if verb.limited and (waiting := answered(asking, ask_approval)):
            # A colleague was asked under this key: it is not done as well, once the limit of a new day allows it.
            return _waits(waiting.result, repeated=True)
        try:
            given = call.given(caller, asked)
        except NotFound:
            # What it was about may be gone since, by this very call: then a repeat has its answer all the same.
            if (done := answered(by, verb)) is None:
                raise
            return _told(by, Heard(repeated=True, seen=call.answer(by, done.result)))
        try:
            return _do(by, verb, given, call.answer)
        except Refused as refusal:
            if refusal.code != "needs_approval" or not asked["ask"] or by.preview:
                raise
            return _ask(asking, verb, given, asked["why"])

    made.post(
        call.path, response={200: call.result}, operation_id=verb.name.replace(".", "_"),
        summary=verb.label, description=f"{inspect.getdoc(verb) or ''}\n\nNeeds `{verb.name}`.", tags=[call.tag],
    )(
        _view(
            post, verb.name.replace(".", "_"), **route,
            sent=(body(call.name, call.sent), Body(...)),
            dry_run=(bool, Query(False, description="Compute everything, say what would happen, change nothing.")),
            ask=(bool, Query(False, description="Above a limit: ask a colleague to approve.")),
            why=(Annotated[str, Field(max_length=300)], Query("", description="What the colleague is told.")),
            idempotency_key=(
                Annotated[str, Field(max_length=100)] | None,
                Header(None, alias="Idempotency-Key", description="Send the same key again, and it is done once."),
            ),
        )
    )  # fmt: skip


def _subject(arguments: list[Argument], hints: dict[str, Any]) -> tuple[str, Noun[Any] | None]:
    """The argument that an address names: the first one that is a row and must be given."""
    for row in arguments:
        hint = hints.get(row.name)
        if row.required and isinstance(hint, type) and issubclass(hint, Model) and (noun := noun_of(hint)):
            return row.name, noun
    return "", None


def _about(arguments: list[Argument], hints: dict[str, Any]) -> Noun[Any] | None:
    """What a verb that is about no one row is about: several of them, else what it makes."""
    needed = [hints.get(row.name) for row in arguments if row.required]
    for hint in (*needed, hints.get("return")):
        for kind in (hint, *typing.get_args(hint)):
            if isinstance(kind, type) and issubclass(kind, Model) and (noun := noun_of(kind)):
                return noun
    return None


def _answer(verb: Verb[Any, Any], hint: Any) -> tuple[type[BaseModel], Callable[[Caller, Any], Any]]:
    """What a verb answers: its type, and how a result becomes it."""
    listed = typing.get_origin(hint) in (list, tuple)
    kind = typing.get_args(hint)[0] if listed else hint
    # Billing makes an invoice or a credit note.
    kinds = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, UnionType) else (kind,)
    made_of = {
        one: noun for one in kinds if isinstance(one, type) and issubclass(one, Model) and (noun := noun_of(one))
    }
    if not made_of:
        simple: Any = {int: int, bool: bool, str: str}.get(kind)
        one: Any = list[simple] if listed and simple else simple if simple else None

        def plain(caller: Caller, made: Any) -> Any:
            return made if one else None

        return _result(verb, one), plain
    row = reduce(or_, (schema(noun) for noun in made_of.values()))

    def show(caller: Caller, made: Any) -> Any:
        there = [] if made is None else list(made) if listed else [made]
        noun = made_of[type(there[0])] if there else next(iter(made_of.values()))
        if not caller.may(noun.sees) or made is None:
            return None
        # As they are now: what followed within the operation changed them once more.
        known = within(caller, noun).select_related(*related(noun)).in_bulk([one.pk for one in there])
        shown = [summary(caller, noun, known[one.pk]) for one in there if one.pk in known]
        return shown if listed else shown[0] if shown else None

    return _result(verb, list[row] if listed else row), show  # type: ignore[valid-type]


def _result(verb: Verb[Any, Any], kind: Any) -> type[BaseModel]:
    name = "".join(part.title() for part in verb.verb.split("_"))
    where = "Under this id it is in the audit trail; null of a dry run and of a repeat."
    said = "What happened, or would, in sentences; empty of a repeat."
    return create_model(
        f"{name}Done", __config__=ConfigDict(extra="forbid"), dry_run=(bool, ...), repeated=(bool, ...),
        operation=(str | None, Field(..., description=where)), said=(list[str], Field(..., description=said)),
        result=(kind | None if kind else None, Field(..., description="Null where the token may not see it.")),
    )  # fmt: skip


def _do(by: Caller, verb: Verb[Any, Any], given: dict[str, Any], answer: Callable[..., Any]) -> HttpResponse:
    # Looked at before the operation is over: of a dry run nothing is there afterwards.
    with listening(lambda made: answer(by, made)) as heard:
        verb(by, **given)
    if by.preview and (above := _above(by, verb, given)):
        heard.told.append((True, above))
    return _told(by, heard)


def _above(by: Caller, verb: Verb[Any, Any], given: dict[str, Any]) -> str:
    """That a dry run was of more than the token may do alone, which a preview does not refuse."""
    if verb.name not in by.limits or (amount := verb.amount(given)) is None:
        return ""
    used = verb.used_today(by, limits.whom(given), amount.currency)
    if by.covers(verb, Money(used.minor + abs(amount.minor), amount.currency)):
        return ""
    return f"That needs approval: “{verb.label}” goes up to {by.limits[verb.name]} for one customer on one day"


def _keyed(call: Call, caller: Caller, asked: dict[str, Any]) -> tuple[Caller, Caller]:
    """Who does it and who asks for it, each with the key of the call: what one program calls a key is no other's."""
    if asked["dry_run"]:
        return caller.previewing(), caller.previewing()
    if not (key := asked["idempotency_key"]):
        return caller, caller
    sent = asked["sent"].model_dump(mode="json")
    said = json.dumps([call.verb.names[-1], str(asked.get(call.key)), sent], sort_keys=True)
    return (
        caller.with_key(f"api:{caller.user_id}:{key}", said),
        caller.with_key(f"api-ask:{caller.user_id}:{key}", said),
    )


def _told(by: Caller, heard: Heard) -> HttpResponse:
    told = {
        "dry_run": by.preview, "repeated": heard.repeated, "said": heard.said, "result": heard.seen,
        "operation": None if by.preview or heard.repeated else heard.operation,
    }  # fmt: skip
    return JsonResponse(told, headers={"Idempotent-Replayed": "true"} if heard.repeated else None)


def _ask(caller: Caller, verb: Verb[Any, Any], given: dict[str, Any], why: str) -> HttpResponse:
    owner = next((value for value in given.values() if isinstance(value, Model)), None)
    whose = getattr(owner, "customer_id", None) or (owner.pk if owner is not None else None)
    row: Approval = ask_approval(
        caller, operation=verb.name, arguments=given, reason=why or str(given.get("reason", ""))[:300],
        customer_id=whose,
    )  # fmt: skip
    return _waits(row)


def _waits(row: Approval, *, repeated: bool = False) -> HttpResponse:
    return JsonResponse(
        {"approval": row.pk, "label": row.label}, status=202,
        headers={"Idempotent-Replayed": "true"} if repeated else None,
    )  # fmt: skip
