"""One view for every operation: the form as a page or in the dialog, the preview, the refusal, and what happens after.

An `OperationForm` names its operation, finds what it is about, and turns fields into arguments. The rest is here, once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.encoding import iri_to_uri

from counterfoil.kernel import money as amounts
from counterfoil.kernel import periods
from counterfoil.kernel.errors import Refused
from counterfoil.platform.approvals import ask_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.fields import home_currency
from counterfoil.platform.models import Approval
from counterfoil.platform.operations import Verb
from counterfoil.platform.requests import Request
from counterfoil.platform.showing import Noun
from counterfoil.trail.kinds import sentence
from counterfoil.trail.queries import last_change, who_did


@dataclass(frozen=True)
class Saved:
    """What to say when it is done, and where to go."""

    text: str
    # The page to be on afterwards; empty stays where the dialog was opened.
    url: str = ""
    # A form posted to this address takes it back.
    undo_url: str = ""
    # It could not be done, and that is what the text says.
    bad: bool = False
    # What is shown now and never again: a secret that is stored nowhere.
    once: str = ""


class MoneyField(forms.CharField):
    """An amount as people write it, read into minor units of its currency."""

    css = "money"

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return amounts.figure_text(value, self.currency) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return amounts.read_minor(text, self.currency)
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence, code=refusal.code) from refusal


class DayField(forms.CharField):
    """A date from the browser's own field, or typed as `25 nov`, `fri`, `+7`."""

    def __init__(self, *, today: dt.date | None = None, **kwargs: Any) -> None:
        self.today = today or dt.date.min
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs)

    def clean(self, value: Any) -> dt.date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return periods.read_date(text, today=self.today)
        except Refused as refusal:
            raise forms.ValidationError(refusal.sentence, code=refusal.code) from refusal


class OperationForm(forms.Form):
    """The form of one operation about one subject."""

    operation: ClassVar[Verb[Any, Any]]
    # What it is about; none of what is not there yet.
    noun: ClassVar[Noun[Any] | None] = None
    caption: ClassVar[str] = ""
    button: ClassVar[str] = "Save"
    wide: ClassVar[bool] = False
    # The preview is a margin beside a form that needs the room.
    lean: ClassVar[bool] = False
    danger: ClassVar[bool] = False
    # What must be entered elsewhere before it can be done at all: the refusal that says so, as long as it is missing.
    lacks: ClassVar[Callable[[], Refused | None] | None] = None
    # There is nothing to do: the form says why, and has no button.
    idle: bool = False
    # What was made, where it is shown once and never again.
    shown_once: Saved | None = None
    body: ClassVar[str] = "platform/door_fields.html"
    # What there is to know before it is done.
    lead: str = ""
    # Shown beside or under the fields, and redrawn as they change.
    preview_body: ClassVar[str] = ""
    # It opens with the preview drawn from the starting values.
    drawn_at_once: ClassVar[bool] = False
    use_required_attribute = False

    def __init__(
        self, data: QueryDict | None = None, files: Any = None, *, caller: Caller, subject: Any, params: QueryDict
    ) -> None:
        self.caller = caller
        self.subject = subject
        self.params = params
        self.result: Any = None
        # Why there is nothing to preview.
        self.refused = ""
        self.conflict: dict[str, Any] | None = None
        super().__init__(data, files)
        for field in self.fields.values():
            if isinstance(field, MoneyField):
                field.currency = self.currency
            if isinstance(field, DayField):
                field.today = caller.today
        self.prepare()
        for name, field in self.fields.items():
            label = field.label or name.replace("_", " ").capitalize()
            field.error_messages["required"] = f"{label} is missing."
        for name in self.fields:
            if name in params:
                self._begin_as_asked(name)
        self.label_suffix = ""

    def _begin_as_asked(self, name: str) -> None:
        """A starting value from the address, read like a typed one; what cannot be read is as if it were not there."""
        field = self.fields[name]
        with contextlib.suppress(forms.ValidationError):
            self.initial[name] = field.clean(field.widget.value_from_datadict(self.params, MultiValueDict(), name))

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> Any:
        """What the form is about, from the address; `NotFound` when the caller may not see it."""
        return cls.noun.get(caller, *route.values()) if cls.noun else None

    def prepare(self) -> None:
        """Set choices and starting values from the subject."""

    def begin_with(self, values: Mapping[str, Any]) -> None:
        """Starting values, where the address does not name others."""
        self.initial = {**self.initial, **values}

    def choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        """What may be chosen in a field."""
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def customer(self) -> Any:
        """Whose page to return to."""
        owner = self.noun.owner(self.subject) if self.noun else getattr(self.subject, "customer", None)
        return self.subject if owner is None else owner

    @property
    def currency(self) -> str:
        """That of whom it is about, else that of the company."""
        return str(getattr(self.customer, "currency", "") or home_currency()[0])

    @property
    def heading(self) -> str:
        return self.caption or self.operation.label

    @property
    def context_line(self) -> str:
        """Beside the title: whom it is about."""
        return str(getattr(self.customer, "name", ""))

    @property
    def button_text(self) -> str:
        """What the button says: the result, when money moves."""
        return self.button

    @property
    def amount_minor(self) -> Any:
        """The amount as it stands in the form, where a role may limit the operation."""
        return self.value("amount") if "amount" in self.fields else None

    @property
    def submit_text(self) -> str:
        """The button's words; above the caller's limit it asks somebody else."""
        minor = self.amount_minor
        amount = sum_today = None
        if isinstance(minor, int) and minor > 0:
            amount = amounts.Money(minor, self.currency)
            before = self.operation.used_today(self.caller, getattr(self.customer, "pk", None), self.currency)
            sum_today = amounts.Money(before.minor + minor, self.currency)
        if self.caller.covers(self.operation, sum_today) or not self.caller.may(ask_approval):
            return self.button_text
        return f"Request approval for {amount}"

    def arguments(self) -> dict[str, Any]:
        """The operation's arguments, from valid fields."""
        raise NotImplementedError

    def perform(self, caller: Caller) -> Any:
        """Do it (or, with a previewing caller, compute it)."""
        return self.operation(caller, **self.arguments())

    def preview_context(self) -> dict[str, Any]:
        """What the preview shows, from fields that may be incomplete."""
        return {}

    def saved(self, result: Any) -> Saved:
        """What to say and where to go."""
        return Saved("Saved.")

    def ask(self, caller: Caller) -> Approval:
        """Ask for approval of what the form says, because it is above the caller's limit."""
        arguments = self.arguments()
        said = (self.operation.label, self.operation.amount(arguments))
        label = " ".join(str(part) for part in said if part)
        return ask_approval(
            caller, operation=self.operation.name, arguments=arguments, customer_id=getattr(self.customer, "pk", None),
            label=f"{label}, {self.context_line}", reason=self.cleaned_data.get("reason", ""),
        )  # fmt: skip

    @property
    def home(self) -> str:
        """The page to return to without JavaScript, and on Cancel."""
        if self.noun and (place := self.noun.home(self.subject)):
            return place
        number = getattr(self.customer, "number", "")
        return reverse("customer", args=[number]) if number else reverse("home")

    def refuse(self, refusal: Refused) -> None:
        """Put a refusal where it belongs: on its field, else on top."""
        name = (refusal.field or "").removesuffix("_minor")
        # A rule speaks of one address, or of many amounts, where the form has one field for them.
        place = next((each for each in (name, f"{name}s", name.removesuffix("s")) if each in self.fields), None)
        self.add_error(place, forms.ValidationError(refusal.sentence, refusal.code))

    def forgive_what_is_empty(self) -> None:
        """What is still empty is no mistake before it is sent."""
        for name, found in list(self.errors.as_data().items()):
            if all(problem.code == "required" for problem in found):
                del self.errors[name]

    @property
    def preview_problems(self) -> list[str]:
        """What is wrong with what was typed so far."""
        return [text for found in self.errors.as_data().values() for problem in found for text in problem.messages]

    def value(self, name: str) -> Any:
        """A field's value now: as cleaned, as sent, or as it starts. For previews of half-filled forms."""
        if self.is_bound:
            if getattr(self, "cleaned_data", None) is not None and name in self.cleaned_data:
                return self.cleaned_data[name]
            return None
        return self.get_initial_for_field(self.fields[name], name)


class VersionedForm(OperationForm):
    """A form about a row with a version: a save over somebody else's is noticed, and both values are shown."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def prepare(self) -> None:
        self.initial["version"] = self.subject.version

    def refuse(self, refusal: Refused) -> None:
        if refusal.code != "stale_form":
            super().refuse(refusal)
            return
        last = last_change(self.subject)
        self.conflict = {
            "who": who_did(last) if last else "Somebody",
            "at": last.at if last else None,
            "what": f"{sentence(last.kind, last.data)}." if last else "",
        }
        # Saving once more is then a decision, so it is measured against what is there now.
        data = cast(QueryDict, self.data).copy()
        data["version"] = str(self.subject.version)
        self.data = data


View = Callable[..., HttpResponse]


def door(form_class: type[OperationForm]) -> View:
    """The view of an operation's form."""

    def view(request: Request, **route: Any) -> HttpResponse:
        caller = request.caller
        if not caller.may(form_class.operation):
            raise caller.why_not(form_class.operation, f"Your role does not include: {form_class.operation.label}.")
        subject = form_class.find(caller, **route)
        data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form = form_class(data, files, caller=caller, subject=subject, params=request.GET)
        if data is None:
            if form_class.drawn_at_once:
                _draw(form)
            return _show(request, form)
        if "preview" in request.GET or "preview" in data:
            return _preview(request, form)
        return _submit(request, form)

    view.form_class = form_class  # type: ignore[attr-defined]
    return view


def act(
    operation: Verb[Any, Any],
    find: Callable[..., Any],
    arguments: Callable[[Caller, Any], dict[str, Any]],
    after: Callable[[Any, Any], Saved],
) -> View:
    """The view of an operation that needs no form: one button, one POST about what is found."""

    def view(request: Request, **route: Any) -> HttpResponse:
        caller = request.caller
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        try:
            subject = find(caller, **route)
            result = operation(caller.with_key(request.POST.get("key") or None), **arguments(caller, subject))
        except Refused as refusal:
            if refusal.code == "not_found":
                raise
            messages.error(request, refusal.sentence)
            return HttpResponseRedirect(_back(request))
        saved = after(result, subject)
        _say(request, saved)
        return HttpResponseRedirect(saved.url or _back(request))

    return view


def _back(request: Request) -> str:
    """The page the button was on; only within this site."""
    from django.utils.http import url_has_allowed_host_and_scheme  # noqa: PLC0415 - used once

    url = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if safe else "/"


def in_dialog(request: Request) -> bool:
    return bool(request.htmx)


def _show(request: Request, form: OperationForm, status: int = 200) -> HttpResponse:
    template = "platform/door.html" if in_dialog(request) else "platform/door_page.html"
    return render(request, template, _context(request, form), status=status)


def _context(request: Request, form: OperationForm) -> dict[str, Any]:
    asked = request.GET.get("in", "")
    place = asked if in_dialog(request) and re.fullmatch(r"[a-z-]{1,40}", asked) else ""
    return {
        "form": form,
        "missing": lacks() if (lacks := type(form).lacks) else None,
        "preview": form.preview_context(),
        "action": f"{request.path}?in={place}" if place else request.path,
        "dialog": in_dialog(request),
        # The section whose place the form takes, and the page to go back to.
        "place": place,
        "back": _back(request),
        "key": request.POST.get("key") or str(uuid.uuid4()),
        "fields": [form[name] for name in form.fields if not form[name].is_hidden],
    }


def _draw(form: OperationForm) -> None:
    """The preview of the starting values, where they suffice for one."""
    values = QueryDict(mutable=True)
    for name, field in form.fields.items():
        started = field.prepare_value(form.get_initial_for_field(field, name))
        if isinstance(started, list):
            values.setlist(name, [str(value) for value in started])
        elif started is not None:
            values[name] = str(started)
    whole = type(form)(values, None, caller=form.caller, subject=form.subject, params=QueryDict())
    if whole.is_valid():
        try:
            form.result = whole.perform(form.caller.previewing())
        except Refused as refusal:
            form.refused = refusal.sentence


def _preview(request: Request, form: OperationForm) -> HttpResponse:
    if form.is_valid():
        try:
            form.result = form.perform(form.caller.previewing())
        except Refused as refusal:
            form.refused = refusal.sentence
            form.refuse(refusal)
    form.forgive_what_is_empty()
    if in_dialog(request) and form.preview_body:
        return render(request, "platform/door_preview.html", _context(request, form))
    return _show(request, form)


def _submit(request: Request, form: OperationForm) -> HttpResponse:
    if not form.is_valid():
        return _show(request, form, status=422)
    try:
        saved = _perform_or_ask(form, request.POST.get("key") or None)
    except Refused as refusal:
        form.refuse(refusal)
        return _show(request, form, status=422)
    if saved.once:
        form.shown_once, form.body, form.preview_body, form.idle = saved, "platform/once.html", "", True  # type: ignore[misc]
        return _show(request, form)
    _say(request, saved)
    if in_dialog(request):
        return HttpResponse(headers=_where_to(request, saved.url))
    return HttpResponseRedirect(saved.url or form.home)


def _where_to(request: Request, url: str) -> dict[str, str]:
    """Where the page behind the dialog goes. A place on that same page would only be scrolled to: it is read again."""
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    there = urlsplit(url)
    if not url or (there.fragment and (there.path, there.query) == (here.path, here.query)):
        return {"HX-Refresh": "true"}
    return {"HX-Redirect": iri_to_uri(url).replace("\n", "").replace("\r", "")}


def _perform_or_ask(form: OperationForm, key: str | None) -> Saved:
    try:
        return form.saved(form.perform(form.caller.with_key(key)))
    except Refused as refusal:
        if refusal.code != "needs_approval" or not form.caller.may(ask_approval):
            raise
    row = form.ask(form.caller.with_key(key and f"{key}:ask"))
    return Saved(f"Approval requested: {row.label}. Nothing has changed yet.", reverse("approval", args=[row.pk]))


def _say(request: Request, saved: Saved) -> None:
    say = messages.error if saved.bad else messages.success
    say(request, saved.text, extra_tags=saved.undo_url)
