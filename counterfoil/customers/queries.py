"""Every read of customers. Visibility is decided here, once; all other reads start from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import CharField, DecimalField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Length

from counterfoil.customers import rules
from counterfoil.customers.models import (
    Attachment,
    Contact,
    Customer,
    CustomerTag,
    CustomField,
    CustomValue,
    Note,
    SearchWord,
    Site,
    Tag,
)  # fmt: skip
from counterfoil.documents.parties import Letterhead
from counterfoil.documents.speech import Speech
from counterfoil.kernel.errors import NotFound
from counterfoil.operator.countries import address_lines
from counterfoil.operator.models import Operator
from counterfoil.operator.queries import letterheads, speeches
from counterfoil.platform import fulltext, scopes
from counterfoil.platform.bulk import among, among_sql
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import sought
from counterfoil.platform.grants import declare_view
from counterfoil.platform.showing import Noun

declare_view("customers.view", "See customers, contacts, addresses and notes")

M = TypeVar("M", bound=Model)
# Arguments that name a customer by number.
_CUSTOMER_IDS = frozenset({"customer_id", "parent_id"})


def visible(caller: Caller) -> QuerySet[Customer]:
    """The customers this caller may see: all, or those of the areas and brands the caller is limited to.

    A customer on the portal sees the accounts they were given and no others.
    """
    customers = Customer.objects.select_related("manager", "pinned_note", "area", "brand")
    if caller.only is not None:
        return customers.filter(pk__in=caller.only)
    if not caller.may("customers.view"):
        return customers.none()
    return customers.filter(**_limits(caller))


def _limits(caller: Caller) -> dict[str, Any]:
    limits: dict[str, Any] = {f"{name}__in": ids for name, ids in caller.scope.items()}
    return limits if caller.only is None else {**limits, "pk__in": caller.only}


def of_visible(caller: Caller, rows: QuerySet[M], path: str = "customer") -> QuerySet[M]:
    """Rows whose customer this caller may see. Who sees all of them has no list of all of them to be compared with."""
    if caller.may("customers.view") and not caller.is_scoped:
        return rows
    return rows.filter(**{f"{path}__in": visible(caller)})


def only_visible(caller: Caller, rows: QuerySet[M]) -> QuerySet[M]:
    """Rows with a plain `customer_id` that speak of no customer or of one in the caller's scope."""
    if not caller.is_scoped:
        return rows
    inside = Customer.objects.filter(**_limits(caller)).values("pk")
    return rows.filter(Q(customer_id__isnull=True) | Q(customer_id__in=inside))


def rows_of(caller: Caller, noun: Noun[M]) -> QuerySet[M]:
    """All rows of a noun that this caller may see."""
    rows = within(caller, noun)
    return noun.rows(caller, rows) if noun.rows else rows


def within(caller: Caller, noun: Noun[M]) -> QuerySet[M]:
    """The rows of a noun whose customer this caller may see, those that are no longer listed included."""
    if not caller.may(noun.sees) and not (noun.portal and caller.only is not None):
        return noun.model._base_manager.none()
    if noun.model is Customer:
        return visible(caller)  # type: ignore[return-value]
    rows = noun.model._base_manager.all()
    way = scopes.way_to(noun.model, Customer, "customer_id")
    if way is None:
        return rows
    known = way == "customer_id" and not noun.model._meta.get_field("customer_id").is_relation
    return only_visible(caller, rows) if known else of_visible(caller, rows, way)


def sees(caller: Caller, customer: Customer) -> bool:
    """Whether a customer at hand is one of those that the caller is limited to."""
    inside = all(getattr(customer, f"{name}_id") in ids for name, ids in caller.scope.items())
    return inside and (caller.only is None or customer.pk in caller.only)


def row_of(caller: Caller, noun: Noun[M], address: str | int) -> M:
    """The row that an address names; the same answer when it is not there and when it may not be seen."""
    rows = rows_of(caller, noun).select_related(*noun.related).filter(**{noun.by: address})
    found = (noun.one(rows) if noun.one else rows).first()
    if found is None:
        raise NotFound(f"There is no {noun.said} {str(address)[:40]}, or you may not see it.")
    return found


def refuse_out_of_scope(caller: Caller, arguments: Any) -> None:
    """`NotFound` when arguments of an operation speak of a customer outside the caller's scope, directly or not."""
    owners = scopes.owner_ids(list(scopes.named(arguments, _CUSTOMER_IDS)), Customer, "customer_id")
    if owners and Customer.objects.filter(**_limits(caller)).filter(pk__in=owners).count() < len(owners):
        raise NotFound()


def has_customers() -> bool:
    """Whether there is any account at all."""
    return Customer.objects.exists()


def customers_numbered(caller: Caller, numbers: Sequence[str]) -> list[Customer]:
    """The customers with these account numbers, as far as the caller may see them, in the order given."""
    found = {row.number: row for row in visible(caller).filter(number__in=set(numbers))}
    return [found[number] for number in dict.fromkeys(numbers) if number in found]


def find_customer(caller: Caller, pk: int | None) -> Customer | None:
    """The customer with this id, where there is one and the caller may see it."""
    return visible(caller).filter(pk=pk).first() if pk is not None else None


def lock(customers: Iterable[int]) -> dict[int, Customer]:
    """The customers by id, locked until commit, in one order so that two operations cannot wait for each other."""
    return {row.pk: row for row in _locking(customers)}


def _locking(customers: Iterable[int]) -> QuerySet[Customer]:
    rows = Customer.objects.filter(among("pk", set(customers))).order_by("pk")
    if connection.features.has_select_for_no_key_update:
        return rows.select_for_update(of=("self",), no_key=True)
    return rows


class Account(NamedTuple):
    """What billing needs of a customer, as plain values."""

    pk: int
    number: str
    name: str
    status: str
    currency: str
    terms_days: int
    terms_rule: str
    tax_number: str
    brand_id: int | None
    language: str


def lock_accounts(customers: Iterable[int]) -> dict[int, Account]:
    """The same lock for many at once, without an instance for each."""
    among, keys = among_sql("id", set(customers))
    assert connection.in_atomic_block, "A lock is held until the end of a transaction."
    with connection.cursor() as cursor:
        cursor.execute(f"{_ACCOUNTS} WHERE {among} ORDER BY id {_for_update()}", [keys])
        return {row[0]: Account(*row) for row in cursor.fetchall()}


# In SQL, because each payment asks it.
_ACCOUNTS = f"SELECT {', '.join(['id', *Account._fields[1:]])} FROM customers_customer"


def _for_update() -> str:
    return "FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""


def letterheads_of(customers: Iterable[Customer | Account]) -> dict[int, Letterhead]:
    """Whom each customer's documents come from, by the customer's key: their brand, speaking their language."""
    rows = list(customers)
    heads = letterheads(row.brand_id for row in rows)
    spoken = {said: heads[said[0]].speaking(said[1]) for said in {(row.brand_id, row.language) for row in rows}}
    return {row.pk: spoken[row.brand_id, row.language] for row in rows}


def speeches_of(customers: Iterable[Customer | Account]) -> dict[int, Speech]:
    """How each customer's documents say things, by the customer's key; one query, however many they are."""
    rows, known = list(customers), speeches()
    spoken = {said: known[said[0]].speaking(said[1]) for said in {(row.brand_id, row.language) for row in rows}}
    return {row.pk: spoken[row.brand_id, row.language] for row in rows}


def letterhead_of(customer: Customer) -> Letterhead:
    """The same of one customer."""
    return letterheads_of([customer])[customer.pk]


def search(caller: Caller, text: str, limit: int = 20) -> list[Customer]:
    """Customers whose name, number, phone, e-mail or address holds every word; a number's start comes first.

    When none does, those that hold what the words may have meant.
    """
    text = sought(text)
    words = rules.fold(text).split()
    if not words:
        return []
    seen = visible(caller).select_related(None)
    # Among very many that hold the text somewhere, the account of that number must not be missed. One that was merged
    # or erased has no text to be found by.
    numbered = seen.filter(fulltext.starting("number", text.strip().upper())).exclude(search_text="")
    found = list(
        {row.pk: row for row in (*numbered.order_by("number")[:limit], *_found(seen, text, limit * 4))}.values()
    )
    first = " ".join(words)

    def rank(customer: Customer) -> tuple[int, str]:
        number, name = customer.number.casefold(), rules.fold(customer.name)
        return (0 if number == first else 1 if number.startswith(first) or name.startswith(first) else 2, name)

    return sorted(found, key=rank)[:limit]


_FEW = 2_000  # found customers that are known by their keys from then on


def matching(customers: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """Narrow a query to customers whose searchable text holds every word; as it may have been meant, if none does."""
    terms = rules.search_terms(sought(text))
    exact = fulltext.holding(customers, *terms).order_by()
    keys = list(exact.values_list("pk", flat=True)[: _FEW + 1])
    if keys or not any(rules.typing_errors_allowed(term) for term in terms):
        return customers.filter(among("pk", keys)) if len(keys) <= _FEW else exact
    return _as_meant(customers, terms)


def _found(customers: QuerySet[Customer], text: str, limit: int) -> list[Customer]:
    """The first of those `matching` narrows to, without asking first whether there are any."""
    terms = rules.search_terms(text)
    exact = list(fulltext.holding(customers, *terms)[:limit])
    if exact or not any(rules.typing_errors_allowed(term) for term in terms):
        return exact
    return list(_as_meant(customers, terms)[:limit])


def _as_meant(customers: QuerySet[Customer], terms: Sequence[str]) -> QuerySet[Customer]:
    # Only what nobody is called was misspelt; unless every word is somebody's, then it may be any of them. The known
    # words are asked, not the customers: they are few, and PostgreSQL reads a whole table for the first row of it.
    unknown = {term for term in terms if not SearchWord.objects.filter(word__contains=term).exists()} or set(terms)
    for term in terms:
        customers = fulltext.holding_any(customers, [term, *(meant(term) if term in unknown else ())])
    return customers


def meant(term: str) -> list[str]:
    """The known words that a misspelt one may have stood for."""
    if not rules.spelled_words(term):
        return []
    longest = len(term) + 12
    words = SearchWord.objects.annotate(size=Length("word")).filter(size__gte=len(term) - 2, size__lte=longest)
    # Nearly everybody gets the first letter right; only then are all words looked through.
    near = rules.close_words(term, words.filter(fulltext.starting("word", term[0])).values_list("word", flat=True))
    return near or rules.close_words(term, words.values_list("word", flat=True))


def contacts_of(customer: Customer) -> list[Contact]:
    """Contacts, primary first, with their e-mails and phones."""
    return contacts_of_many([customer.pk])


def contacts_of_many(customers: Iterable[int]) -> list[Contact]:
    """The same of many customers."""
    rows = Contact.objects.filter(among("customer", customers)).prefetch_related("points").order_by("pk")
    return sorted(rows, key=lambda row: (not row.active, "primary" not in row.roles))


def sites_of(customer: Customer) -> list[Site]:
    """Addresses, the primary one first."""
    return list(Site.objects.filter(customer=customer).order_by("-active", "-is_primary", "pk"))


def billing_addresses(customers: Iterable[int]) -> dict[int, str]:
    """The address that documents go to of many customers, on its lines; those without one are left out.

    The town is written as in the company's country.
    """
    rows = Site.objects.filter(among("customer", customers), active=True).order_by("-is_primary", "pk")
    rows = rows.annotate(region=Subquery(Operator.objects.values("region")[:1]))
    found: dict[int, str] = {}
    billed: set[int] = set()
    for customer, purposes, *parts in rows.values_list(
        "customer_id", "purposes", "street", "city", "postcode", "region", "country"
    ):
        if customer not in found or ("billing" in purposes and customer not in billed):
            *where, country = parts
            found[customer] = "\n".join([*address_lines(*where), *([country] if country else [])])
        if "billing" in purposes:
            billed.add(customer)
    return found


def notes_of(customer: Customer, limit: int = 50, *, debtor: bool | None = None) -> list[Note]:
    """Notes, newest first: all, debtor notes alone, or all but those."""
    rows = Note.objects.filter(theirs(customer)).exclude(text="").select_related("note_type")
    of_debtor = Q(note_type__code="debtor", note_type__delivered=True)
    if debtor is not None:
        rows = rows.filter(of_debtor) if debtor else rows.exclude(of_debtor)
    return list(rows.order_by("-at", "-pk")[:limit])


def attachments_of(customer: Customer) -> QuerySet[Attachment]:
    """What is attached to a customer, the newest first, without the bytes."""
    rows = Attachment.objects.filter(theirs(customer), removed_at__isnull=True)
    return rows.select_related("file", "customer").defer("file__content").order_by("-at", "-pk")


def attachment_files_of(customer: Customer) -> list[Attachment]:
    """The same with the bytes, for an export of everything."""
    rows = Attachment.objects.filter(theirs(customer), removed_at__isnull=True)
    return list(rows.select_related("file").order_by("pk"))


def not_pictured() -> Attachment | None:
    """The attachment that waits longest for its small picture, with its bytes."""
    return _unpictured().select_related("file").order_by("pk").first()


def how_many_unpictured() -> int:
    """How many attachments wait for their small picture."""
    return _unpictured().count()


def _unpictured() -> QuerySet[Attachment]:
    return Attachment.objects.filter(pictured_at=None, file__isnull=False)


def theirs(customer: Customer, path: str = "customer") -> Q:
    """A condition on rows with a customer: this one's, and those of accounts that turned out to be this customer.

    `path` is how the rows lead to their customer.
    """
    # Two lookups by index, one after the other: an OR, here or over a join, has SQLite read every customer there is.
    mine = Customer.objects.filter(pk=customer.pk).order_by().values("pk")
    merged = Customer.objects.filter(merged_into=customer.pk).order_by().values("pk")
    return Q(**{f"{path}__in": mine.union(merged, all=True)})


def theirs_sql(customer: Customer) -> tuple[str, list[int]]:
    """The keys of these accounts in plain SQL, a query of one column `id` to join with; and its parameters."""
    each = "SELECT id FROM customers_customer WHERE {} = %s"
    return f"{each.format('id')} UNION ALL {each.format('merged_into_id')}", [customer.pk, customer.pk]


def merged_ids(customer: Customer) -> list[int]:
    """The accounts that turned out to be this customer; what is theirs is shown here too."""
    return list(Customer.objects.filter(merged_into=customer).values_list("pk", flat=True))


def tags(caller: Caller) -> list[str]:
    """The tags in use, of customers the caller may see."""
    used = of_visible(caller, CustomerTag.objects.all()).values("tag")
    return list(Tag.objects.filter(pk__in=used).order_by("name").values_list("name", flat=True))


def tags_of(customer: Customer) -> list[str]:
    """A customer's tags."""
    return list(CustomerTag.objects.filter(customer=customer).order_by("tag__name").values_list("tag__name", flat=True))


def custom_fields(*, all_of_them: bool = False) -> list[CustomField]:
    """The custom fields in use, or with those that were retired."""
    rows = CustomField.objects.order_by("-active", "label")
    return list(rows if all_of_them else rows.filter(active=True))


def get_custom_field(pk: int) -> CustomField:
    """A custom field."""
    if (found := CustomField.objects.filter(pk=pk).first()) is None:
        raise NotFound("There is no such field.")
    return found


def custom_values_of(customer: Customer) -> dict[int, str]:
    """What the custom fields say of a customer, by field."""
    return dict(CustomValue.objects.filter(customer=customer).values_list("field_id", "text"))


def with_custom_values(customers: QuerySet[Customer], fields: Iterable[CustomField]) -> QuerySet[Customer]:
    """The customers with each listed field as an attribute `field_<id>`."""
    for field in fields:
        text = CustomValue.objects.filter(customer=OuterRef("pk"), field=field).values("text")[:1]
        value: Any = Subquery(text, output_field=CharField())
        if field.kind == "number":
            value = Cast(value, DecimalField(max_digits=20, decimal_places=6))
        customers = customers.annotate(**{f"field_{field.pk}": value})
    return customers


_GROUPS = """
    WITH RECURSIVE used(name) AS (SELECT MIN("group") FROM customers_customer WHERE "group" > '' UNION ALL
        SELECT (SELECT MIN("group") FROM customers_customer WHERE "group" > used.name) FROM used WHERE name IS NOT NULL)
    SELECT name FROM used WHERE name IS NOT NULL
"""


def groups(caller: Caller) -> list[str]:
    """The groups in use, of customers the caller may see: each looked up after the one before, not among all rows."""
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS)
        names = [name for (name,) in cursor.fetchall()]
    known = caller.may("customers.view") and not caller.is_scoped
    return names if known else [name for name in names if visible(caller).filter(group=name).exists()]


def recently_joined(caller: Caller, limit: int = 5) -> list[Customer]:
    """The newest customers."""
    return list(visible(caller).order_by("-joined_on", "-pk")[:limit])
