"""Forms about people and roles, for administrators."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Area, Brand
from counterfoil.operator.queries import areas, brands, offered, operator_currency
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import DayField, MoneyField, OperationForm, Saved, VersionedForm
from counterfoil.platform.grants import all_grants, words_of, work_of
from counterfoil.platform.operations import VERBS
from counterfoil.staff import operations, queries
from counterfoil.staff.models import Role, Token, User
from counterfoil.staff.nouns import ROLE


class _PersonFields(forms.Form):
    name = forms.CharField(max_length=80)
    role = forms.ChoiceField()
    areas = forms.MultipleChoiceField(
        label="Only these areas", required=False, widget=forms.CheckboxSelectMultiple, help_text="None ticked: all."
    )
    brands = forms.MultipleChoiceField(
        label="Only these brands", required=False, widget=forms.CheckboxSelectMultiple, help_text="None ticked: all."
    )

    subject: Any

    def offer(self, caller: Caller) -> None:
        """What may be chosen; a limit without choices is left out."""
        self.fields["role"].choices = [(role.key, role.name) for role in queries.roles()]  # type: ignore[attr-defined]
        self.known: dict[str, list[Area] | list[Brand]] = {
            "areas": offered(areas(caller), getattr(self.subject, "area_ids", ())),
            "brands": offered(brands(caller), getattr(self.subject, "brand_ids", ())),
        }  # fmt: skip
        for name, rows in self.known.items():
            if rows:
                self.fields[name].choices = [(str(row.pk), row.name) for row in rows]  # type: ignore[attr-defined]
            else:
                del self.fields[name]

    def person(self) -> dict[str, Any]:
        """Name, role, areas and brands as the operations take them."""
        values: dict[str, Any] = {"name": self.cleaned_data["name"], "role": self.cleaned_data["role"]}
        for name, rows in self.known.items():
            values[name] = [row for row in rows if str(row.pk) in self.cleaned_data.get(name, ())]
        return values


class _Adding(OperationForm):
    """Something new, about nothing that is there."""

    @property
    def context_line(self) -> str:
        return ""

    @property
    def home(self) -> str:
        return reverse("people")


class AddUserForm(_PersonFields, _Adding):
    operation = operations.add_user
    caption = "Add person"
    button = "Add person"

    email = forms.EmailField(label="E-mail address", help_text="They sign in with it.")
    password = forms.CharField(
        label="First password", required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="If left empty, they set one themselves with “Forgotten your password?” at sign-in.",
    )  # fmt: skip
    field_order = ("email", "name", "role", "areas", "brands", "password")

    def prepare(self) -> None:
        self.offer(self.caller)
        # Nobody is made an administrator by not choosing.
        self.choose("role", [("", "Choose a role"), *self.fields["role"].choices])  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        return {**self.person(), "email": self.cleaned_data["email"], "password": self.cleaned_data["password"]}

    def saved(self, result: User) -> Saved:
        return Saved(f"{result.name} can sign in as {result.email}.", reverse("person", args=[result.pk]))


class _AboutPerson(OperationForm):
    @classmethod
    def find(cls, caller: Caller, **route: Any) -> User:
        return queries.get_user(caller, route["pk"])

    @property
    def home(self) -> str:
        return reverse("person", args=[self.subject.pk])


class ChangeUserForm(_PersonFields, _AboutPerson, VersionedForm):
    operation = operations.change_user
    caption = "Change person"

    def prepare(self) -> None:
        super().prepare()
        self.offer(self.caller)
        self.begin_with({
            "name": self.subject.name, "role": self.subject.role.key,
            "areas": [str(pk) for pk in self.subject.area_ids], "brands": [str(pk) for pk in self.subject.brand_ids],
        })  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        return {"user": self.subject, "version": self.cleaned_data["version"] or 0, **self.person()}

    def saved(self, result: User) -> Saved:
        return Saved(f"{result.name} saved.", self.home)


class AddTokenForm(_PersonFields, _Adding):
    operation = operations.add_token
    caption = "Add access token"
    button = "Add access token"

    expires_on = DayField(label="Works up to", required=False, help_text="If left empty, until somebody revokes it.")
    field_order = ("name", "role", "areas", "brands", "expires_on")

    def prepare(self) -> None:
        self.offer(self.caller)
        self.fields["name"].label = "Program"
        self.fields["name"].help_text = "What the audit trail calls it: Web shop, Helpdesk."
        self.choose("role", [("", "Choose a role"), *self.fields["role"].choices])  # type: ignore[attr-defined]
        self.token = operations.new_token()

    @property
    def home(self) -> str:
        return reverse("tokens")

    def arguments(self) -> dict[str, Any]:
        return {
            **self.person(), "expires_on": self.cleaned_data["expires_on"], "digest": queries.digest_of(self.token),
            "ending": self.token[-4:],
        }  # fmt: skip

    def saved(self, result: Token) -> Saved:
        return Saved(f"{result.user.name} can use the API as {result.user.role.name}.", self.home, once=self.token)


def _field_of(name: str) -> str:
    return "limit_" + name.replace(".", "_")


class _AboutRole(OperationForm):
    noun = ROLE

    @property
    def people(self) -> int:
        """How many people have the role."""
        return queries.how_many_have(self.subject)

    @property
    def context_line(self) -> str:
        return "Roles"

    @property
    def home(self) -> str:
        return reverse("roles")


class ChangeRoleForm(_AboutRole):
    operation = operations.change_role
    button = "Save role"
    body = "staff/role_fields.html"

    grants = forms.MultipleChoiceField(required=False)

    def prepare(self) -> None:
        self.limited = {name: row.label for name, row in sorted(VERBS.items()) if row.limited}
        known = all_grants()
        wild = sorted({f"{name.partition('.')[0]}.*" for name in known})
        self.choose("grants", [(name, name) for name in ("*", *wild, *known)])
        self.initial["grants"] = self.subject.grants
        for name, label in self.limited.items():
            self.fields[_field_of(name)] = MoneyField(label=label, required=False, currency=self.currency)
            self.initial[_field_of(name)] = self.subject.limits.get(name)

    @property
    def currency(self) -> str:
        return operator_currency()

    @property
    def heading(self) -> str:
        return f"Role: {self.subject.name}"

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Every grant by the work it belongs to, with whether it is ticked."""
        ticked = set(self.data.getlist("grants")) if self.is_bound else set(self.subject.grants)  # type: ignore[attr-defined]
        groups: dict[str, list[tuple[str, str, bool]]] = {"": [("*", "Everything there is", "*" in ticked)]}
        for name in all_grants():
            app = name.partition(".")[0]
            options = groups.setdefault(app, [(f"{app}.*", "All of this", f"{app}.*" in ticked)])
            options.append((name, words_of(name), name in ticked))
        return [{"title": work_of(app), "options": options} for app, options in groups.items()]

    @property
    def limit_fields(self) -> list[Any]:
        """The limits, one field for each operation that has an amount."""
        return [self[_field_of(name)] for name in self.limited]

    def arguments(self) -> dict[str, Any]:
        values = self.cleaned_data
        given = {name: values.get(_field_of(name)) for name in self.limited}
        limits = {name: minor for name, minor in given.items() if minor is not None}
        return {"role": self.subject, "grants": values["grants"], "limits": limits}

    def refuse(self, refusal: Refused) -> None:
        self.add_error(None, forms.ValidationError(refusal.sentence, refusal.code))

    def saved(self, result: Role) -> Saved:
        return Saved(f"Role {result.name} saved. It applies from the next page its people open.", self.home)


class AddRoleForm(_Adding):
    operation = operations.add_role
    caption = "Add role"
    button = "Add role"

    name = forms.CharField(max_length=60)
    like = forms.ChoiceField(
        label="Copy rights from", required=False, help_text="You can change them on the next page."
    )

    def prepare(self) -> None:
        self.choose("like", [("", "Nothing yet"), *((role.key, role.name) for role in queries.roles())])

    @property
    def home(self) -> str:
        return reverse("roles")

    def arguments(self) -> dict[str, Any]:
        like = self.cleaned_data["like"]
        return {"name": self.cleaned_data["name"], "like": ROLE.get(self.caller, like) if like else None}

    def saved(self, result: Role) -> Saved:
        return Saved(f"Role {result.name} added. Choose what it may do.", self.next_page(result))

    def next_page(self, result: Role) -> str:
        """Where to choose what the role may do; the list, for who may not."""
        may = self.caller.may(operations.change_role)
        return reverse("change-role", args=[result.key]) if may else self.home
