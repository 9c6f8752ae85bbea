"""Forms that send something, and those about the mail server that messages leave by and what they say."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.validators import validate_email
from django.urls import reverse

from counterfoil.customers.reaching import addresses_for
from counterfoil.customers.rules import LANGUAGES
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.messaging import queries
from counterfoil.messaging.models import MailSettings, Message, MessageText
from counterfoil.messaging.operations import cancel_message, mail_server, wording
from counterfoil.operator.queries import brands, operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import OperationForm, Saved, VersionedForm


class LetterForm(OperationForm):
    """What every form that sends a document has: to whom, the addresses known for it ticked, and the words."""

    lacks = staticmethod(queries.missing_to_send)
    wide = True
    # What is sent, as the messages of a customer have it.
    about: ClassVar[str]

    to = forms.MultipleChoiceField(label="To", required=False, widget=forms.CheckboxSelectMultiple)
    other = forms.CharField(label="Another address", required=False, max_length=254)
    text = forms.CharField(label="Message", required=False, widget=forms.Textarea(attrs={"rows": "3"}))

    def prepare(self) -> None:
        self.known = addresses_for(self.customer, self.about)
        self.choose("to", [(address.email, f"{address.email}, {address.name}") for address in self.known])
        self.begin_with({"to": [address.email for address in self.known]})

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        others = [part.strip() for part in values.get("other", "").replace(";", ",").split(",") if part.strip()]
        for address in others:
            try:
                validate_email(address)
            except forms.ValidationError:
                self.add_error("other", f"“{address[:60]}” is not an e-mail address.")
        values["addresses"] = [*values.get("to", []), *others]
        return values

    @property
    def button_text(self) -> str:
        sent = getattr(self, "cleaned_data", {}).get("addresses", [])
        count = len(sent if self.is_bound else self.known)
        return f"Send to {_addresses(count)}" if count else "Send"

    def perform(self, caller: Caller) -> Any:
        # Drawing the preview needs no message; a rolled-back one would still have been made into a PDF.
        return None if caller.preview else super().perform(caller)

    def refuse(self, refusal: Refused) -> None:
        field = "other" if refusal.field == "addresses" else refusal.field
        super().refuse(Refused(refusal.code, refusal.sentence, field=field))

    def sent(self, what: str, message: Message) -> Saved:
        """What to say of it, and the way to take it back while it waits."""
        said = f"{what} sent to {_addresses(len(self.cleaned_data['addresses']))}."
        if waits := queries.waits_sentence():
            said = f"{what} not sent yet. {waits}"
        undo = reverse("cancel-message", args=[message.pk]) if self.caller.may(cancel_message) else ""
        return Saved(said, undo_url=undo)


def _addresses(count: int) -> str:
    return f"{count} {'address' if count == 1 else 'addresses'}"


_USUAL = {"starttls": 587, "tls": 465, "none": 25}


class MailServerForm(VersionedForm):
    """Where messages leave, and whom they say they are from. The password is never shown again."""

    operation = mail_server.set_mail_server
    caption = "Mail server"
    button = "Save mail server"
    body = "messaging/mail_server_fields.html"

    host = forms.CharField(
        label="Server", required=False, max_length=253, help_text="As smtp.example.com. Blank: messages wait."
    )
    security = forms.ChoiceField(choices=MailSettings.Security.choices)
    port = forms.IntegerField(
        required=False, min_value=1, max_value=65535, help_text="Blank: 587 for STARTTLS, 465 for TLS, 25 for none."
    )
    user = forms.CharField(required=False, max_length=254, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    password = forms.CharField(
        required=False, max_length=1000, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    from_name = forms.CharField(label="Sender's name", required=False, max_length=120)
    from_address = forms.EmailField(label="Sender's address", required=False, max_length=254)
    reply_to = forms.EmailField(label="Replies go to", required=False, max_length=254)

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> MailSettings:
        return queries.mail_settings() or MailSettings(pk=1, version=0)

    def prepare(self) -> None:
        super().prepare()
        row, house = self.subject, operator()
        if row.version:
            shown = ("host", "port", "security", "user", "from_name", "from_address", "reply_to")
            self.begin_with({name: getattr(row, name) for name in shown})
        else:
            self.begin_with({"from_name": house.name, "from_address": house.email})
        kept = "Saved, encrypted. Blank keeps it." if row.password else "Stored encrypted and never shown again."
        self.fields["password"].help_text = kept
        self.fields["from_address"].help_text = "One the server may send for. Blank: the company's e-mail."
        self.fields["reply_to"].help_text = "Blank: the company's e-mail."

    @property
    def context_line(self) -> str:
        return ""

    @property
    def home(self) -> str:
        return reverse("e-mail")

    def arguments(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        values["port"] = values["port"] or _USUAL[values["security"]]
        return values

    def saved(self, result: MailSettings) -> Saved:
        said = f"Messages go out by {result.host}." if result.host else "Messages wait: no mail server is set up."
        return Saved(said, self.home)


class TryMailServerForm(OperationForm):
    """A real message to an address of one's own; what the server answers is shown."""

    operation = mail_server.try_mail_server
    caption = "Send a test"
    button = "Send test now"

    to = forms.EmailField(label="To", max_length=254)

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> None:
        return None

    def prepare(self) -> None:
        self.begin_with({"to": operator().email})

    @property
    def context_line(self) -> str:
        return ""

    @property
    def home(self) -> str:
        return reverse("e-mail")

    def arguments(self) -> dict[str, Any]:
        return dict(self.cleaned_data)

    def saved(self, result: str) -> Saved:
        said = f": “{result}”" if result else ""
        return Saved(f"The server took the test{said}. Check the inbox of {self.cleaned_data['to']}.", self.home)


class WordingForm(OperationForm):
    """What a kind of message says, with one drawn beside it as a customer would get it."""

    operation = wording.save_wording
    button = "Save"
    wide = True
    lean = True
    drawn_at_once = True
    body = "messaging/wording_fields.html"
    preview_body = "messaging/wording_preview.html"

    # A form's own `subject` is what it is about.
    subject_line = forms.CharField(label="Subject", max_length=200)
    text = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": "9"}))
    brand = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)
    language = forms.CharField(required=False, max_length=8, widget=forms.HiddenInput)

    @classmethod
    def find(cls, caller: Caller, **route: Any) -> wording.Wording:
        if route["about"] not in wording.WORDINGS:
            raise NotFound
        return wording.WORDINGS[route["about"]]

    def prepare(self) -> None:
        # For whom: as it was asked for, or as the form came with.
        asked = self.data if self.is_bound else self.params
        self.brands = {str(row.pk): row for row in brands()}
        self.of_brand = self.brands.get(asked.get("brand", ""))
        self.of_language = asked.get("language", "") if asked.get("language", "") in LANGUAGES else ""
        subject, text = wording.words_of(self.subject, self.of_brand.pk if self.of_brand else None, self.of_language)
        self.begin_with({
            "subject_line": subject, "text": text, "brand": str(self.of_brand.pk) if self.of_brand else "",
            "language": self.of_language,
        })  # fmt: skip

    @property
    def heading(self) -> str:
        return f"{self.subject.title} e-mail"

    @property
    def context_line(self) -> str:
        return wording.whose(self.of_brand, self.of_language) or "What messages say"

    @property
    def others(self) -> list[tuple[str, str]]:
        """The same message for other customers: what they are called, and the query of the page for them."""
        found = [("Everybody", "")] if self.of_brand or self.of_language else []
        language = f"&language={self.of_language}" if self.of_language else ""
        found += [(row.name, f"brand={key}{language}") for key, row in self.brands.items() if row != self.of_brand]
        brand = f"brand={self.of_brand.pk}&" if self.of_brand else ""
        found += [(said, f"{brand}language={key}") for key, said in LANGUAGES.items() if key != self.of_language]
        return found

    @property
    def home(self) -> str:
        return reverse("wordings")

    @property
    def fields_of_it(self) -> list[tuple[str, str]]:
        return [(f"{{{name}}}", what) for name, what in self.subject.fields.items()]

    @property
    def versions(self) -> list[MessageText]:
        return wording.versions_of(self.subject, self.of_brand.pk if self.of_brand else None, self.of_language)

    def arguments(self) -> dict[str, Any]:
        return {
            "kind": self.subject.key, "subject": self.cleaned_data["subject_line"], "text": self.cleaned_data["text"],
            "brand": self.of_brand, "language": self.of_language,
        }  # fmt: skip

    def perform(self, caller: Caller) -> Any:
        if not caller.preview:
            return super().perform(caller)
        values = self.arguments()
        for name in ("subject", "text"):
            wording.check_fields(values[name], list(self.subject.fields), name)
        return self.subject.example(caller, values["subject"], values["text"])

    def refuse(self, refusal: Refused) -> None:
        if refusal.field == "subject":
            refusal = Refused(refusal.code, refusal.sentence, field="subject_line")
        super().refuse(refusal)

    def preview_context(self) -> dict[str, Any]:
        return {"shown": self.result}

    def saved(self, result: MessageText) -> Saved:
        return Saved(f"{self.subject.title} e-mail saved. Used from the next message on.", self.home)
