"""Tags and custom fields: what this operator keeps about customers besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from django.utils.text import slugify

from counterfoil.customers import queries, rules
from counterfoil.customers.models import Customer, CustomerTag, CustomField, CustomValue, Tag
from counterfoil.customers.operations.shared import choice, refresh_search
from counterfoil.kernel.checks import check_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says

MOST_TAGS, MOST_FIELDS, MOST_CHOICES = 20, 40, 50


@verb(label="Save a custom field", whole=True)
def save_custom_field(
    op: Operation,
    *,
    field: CustomField | None = None,
    label: Annotated[str, Says(most=60)],
    kind: str,
    choices: Sequence[str] = (),
    listed: bool = True,
    active: bool = True,
) -> CustomField:
    """Customers have this field. Its kind stays as it is once there are values of it."""
    choice(kind, CustomField.Kind, "kind")
    options = list(dict.fromkeys(check_text(text, field="choices", most=60) for text in choices if text.strip()))
    refuse_if(kind == "choice" and len(options) < 2, "too_few", "Give two choices or more.", field="choices")
    refuse_if(len(options) > MOST_CHOICES, "too_many", f"At most {MOST_CHOICES} choices.", field="choices")
    same = CustomField.objects.filter(label__iexact=label)
    if field is not None:
        same = same.exclude(pk=field.pk)
    refuse_if(same.exists(), "label_taken", f"There is a field “{label}” already.", field="label")
    if field is None:
        count = CustomField.objects.count()
        refuse_if(count >= MOST_FIELDS, "too_many", f"At most {MOST_FIELDS} fields. Use notes for the rest.")
        key = slugify(label)[:34] or "field"
        if CustomField.objects.filter(key=key).exists():
            key = f"{key}-{count + 1}"
        row = CustomField(key=key, kind=kind)
    else:
        row = CustomField.objects.select_for_update().get(pk=field.pk)
        used = CustomValue.objects.filter(field=row)
        refuse_if(row.kind != kind and used.exists(), "kind_in_use", "There are values of this kind.", field="kind")
        lost = set(used.values_list("text", flat=True)) - set(options) if kind == "choice" else set()
        refuse_if(lost, "choice_in_use", f"“{sorted(lost)[0] if lost else ''}” is chosen somewhere.", field="choices")
    row.label, row.kind, row.choices, row.listed, row.active = label, kind, options, listed, active
    row.save()
    op.record("custom_field.saved", row, label=label, field_kind=row.get_kind_display().lower())
    return row


@verb(label="Change tags")
def set_tags(op: Operation, *, customer: Customer, names: Iterable[str]) -> list[Tag]:
    """The customer has exactly these tags; one that nobody had before is new."""
    row = queries.lock([customer.pk])[customer.pk]
    wanted = list(dict.fromkeys(check_text(name, field="tags", most=40) for name in names if name.strip()))
    wanted = list({rules.fold(name): name for name in wanted}.values())
    refuse_if(len(wanted) > MOST_TAGS, "too_many", f"A customer has at most {MOST_TAGS} tags.", field="tags")
    known = {rules.fold(tag.name): tag for tag in Tag.objects.all()}
    tags = [known.get(rules.fold(name)) or Tag.objects.create(name=name) for name in wanted]
    op.keep(*(tag for tag in tags if tag not in known.values()))
    before = set(CustomerTag.objects.filter(customer=row).values_list("tag__name", flat=True))
    after = {tag.name for tag in tags}
    if before != after:
        CustomerTag.objects.filter(customer=row).exclude(tag__in=tags).delete()
        CustomerTag.objects.bulk_create(CustomerTag(customer=row, tag=tag) for tag in tags if tag.name not in before)
        refresh_search(row)
        op.record(
            "tags.changed", row, customer_id=row.pk, before=", ".join(sorted(before)) or "none",
            after=", ".join(sorted(after)) or "none",
        )  # fmt: skip
    return tags


@verb(label="Change custom fields")
def set_custom_values(op: Operation, *, customer: Customer, values: Mapping[str, str]) -> dict[str, str]:
    """The customer's custom fields say this; an empty text takes a value away. Fields not named stay as they are."""
    row = queries.lock([customer.pk])[customer.pk]
    fields = {field.key: field for field in CustomField.objects.filter(active=True)}
    there = {value.field_id: value for value in CustomValue.objects.filter(customer=row)}
    changes: dict[str, list[str]] = {}
    for key, text in values.items():
        if key not in fields:
            raise Refused("no_such_field", f"There is no field “{key[:40]}”.", field="fields")
        field = fields[key]
        label = rules.read_custom(field.kind, text, field.choices, today=op.today, field=f"field-{key}")
        old = there[field.pk].text if field.pk in there else ""
        if label == old:
            continue
        changes[field.label.lower()] = [old or "nothing", label or "nothing"]
        if not label:
            there[field.pk].delete()
        else:
            CustomValue.objects.update_or_create(customer=row, field=field, defaults={"text": label})
    if changes:
        refresh_search(row)
        op.record("customer.changed", row, customer_id=row.pk, changes=changes)
    return {name: new for name, (_, new) in changes.items()}
