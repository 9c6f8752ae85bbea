"""Documents in the company's language, with its dates and amounts: every label has German words."""

import ast
import datetime as dt
import re
import string
from pathlib import Path

import pytest
from pypdfium2 import PdfDocument, PdfPage

from counterfoil.billing.invoice_files import credit_note_view, invoice_pdf, invoice_view
from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import credit_invoice
from counterfoil.billing.sending import send_invoice
from counterfoil.credit.operations.setting_up import LETTERS
from counterfoil.documents import parties
from counterfoil.documents.german import GERMAN
from counterfoil.documents.german_portal import PORTAL
from counterfoil.documents.speech import ENGLISH, Speech
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.messaging.operations.wording import WORDINGS, save_wording
from counterfoil.operator.models import BankAccount, Operator
from counterfoil.operator.operations import add_bank_account, add_brand, change_brand, change_operator
from counterfoil.operator.terms import RULES, terms_words
from counterfoil.payments.models import Method
from counterfoil.payments.receipt_files import receipt_view
from counterfoil.platform.checks import check_books
from counterfoil.receivables.operations import send_statement
from counterfoil.receivables.queries import statement_of
from counterfoil.receivables.statement_files import statement_pdf, statement_view
from counterfoil.testing.world import World, counts

ROOT = Path(parties.__file__).parents[1]
DAY, PERIOD = dt.date(2026, 3, 5), Period.through(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
# Said where they are worked out: the heads of a statement, terms, currencies, ways to pay, types of account.
WORKED_OUT = (
    {"Date", "Reference", "Description", "Due", "Amount", "Balance", "Days late", "Original", "Open"}
    | {terms_words(rule, number) for rule in RULES for number in (0, 1, 2, 31) if (rule, number) != ("next_month", 0)}
    | set(parties._CURRENCY_NAMES.values())
    | set(Method.labels)
    | set(BankAccount.Kind.labels) - {"Not printed"}
    | {"Interest for late payment", "Fee for late payment"}
)


def _said() -> set[str]:
    """Every literal that some code says."""
    found = set()
    for path in ROOT.rglob("*.py"):
        if "tests" in path.parts or "say(" not in (text := path.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(ast.parse(text)):
            name = getattr(node, "func", None)
            if isinstance(node, ast.Call) and "say" in (getattr(name, "id", ""), getattr(name, "attr", "")):
                found |= {arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    for path in (*ROOT.rglob("templates/**/*.html"), *ROOT.rglob("templates/**/*.txt")):
        found |= set(re.findall(r'\{% say "([^"]+)"', path.read_text(encoding="utf-8")))
    return found | {text for one in WORDINGS.values() for text in (one.subject, one.text)} | {
        text for _, _, *texts in LETTERS for text in texts
    }  # fmt: skip


@pytest.mark.once
def test_each_label_has_german_words_with_the_same_values() -> None:
    said = _said()
    assert len(said) > 60
    assert (said | WORKED_OUT) - set(GERMAN) - set(PORTAL) == set()
    assert set(GERMAN) - said - WORKED_OUT == set()
    assert set(GERMAN) & set(PORTAL) == set()
    for english, german in (GERMAN | PORTAL).items():
        values = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, german)]
        assert values[1] <= values[0], english
        assert german.strip(), english


@pytest.mark.once
def test_dates_and_amounts_as_each_format_writes_them() -> None:
    def written(*format_: str) -> tuple[str, ...]:
        speech = Speech(*format_)
        return (
            speech.long_date(DAY), speech.date(DAY, today=DAY), speech.near_date(DAY, today=DAY),
            speech.period(dt.date(2026, 1, 1), DAY), speech.money(-123450, "ZAR"), speech.figure(100000000, "ZAR"),
        )  # fmt: skip

    assert written("en") == (
        "5 March 2026", "5 Mar", "5 March", "1 January to 5 March 2026", "−R1,234.50", "1,000,000.00",
    )  # fmt: skip
    assert written("de") == (
        "5. März 2026", "05.03.2026", "5. März", "1. Januar bis 5. März 2026", "−1.234,50\u00a0R", "1.000.000,00",
    )  # fmt: skip
    assert written("en", "mdy_slashes", "space_comma") == (
        "03/05/2026", "03/05/2026", "03/05/2026", "01/01/2026 to 03/05/2026", "−R1\u00a0234,50",
        "1\u00a0000\u00a0000,00",
    )  # fmt: skip
    assert written("de", "ymd", "apostrophe_dot")[:2] == ("2026-03-05", "2026-03-05")
    # A currency whose sign has a point of its own keeps it.
    assert Speech("en", "", "dot_comma").money(150, "NAD") == ENGLISH.money(150, "NAD").replace("1.50", "1,50")
    assert ENGLISH.date(None, today=DAY) == ""


def test_a_german_company_and_what_was_issued_before(world: World) -> None:
    add_bank_account(world.caller(), details={"bank": "FNB", "number": "620 555", "kind": "savings"})
    zara = world.customer("Zara", owing={"2026-02-04": "1234.50"})
    old = Invoice.objects.get()
    before = invoice_view(old)
    change_operator(world.caller(), language="de", paper="us-letter", terms_rule="next_month", terms_days=15)
    new = world.invoice(zara, "1234.50", on="2026-03-05", due_on="2026-04-04")
    assert invoice_view(Invoice.objects.get(pk=old.pk)) == before
    assert before["heading"] in ("Invoice", "Tax invoice")
    view = invoice_view(new)
    labels = [fact["label"] for column in view["facts"] for fact in column]
    assert labels == ["Rechnung an", "Rechnungsnummer", "Kundennummer", "Rechnungsdatum", "Zahlungsziel"]
    assert [(figure["label"], figure["value"]) for figure in view["figures"]] == [
        ("Zu zahlen", "1.234,50\u00a0R"), ("Zahlbar bis", "4. April 2026"),
    ]  # fmt: skip
    assert view["figures"][1]["note"] == "30 Tage ab Rechnungsdatum"
    assert [column["label"] for column in view["lines"]["columns"]][:3] == ["Beschreibung", "Menge", "Einzelpreis"]
    assert view["lines"]["rows"][0][-1] == "1.234,50"
    assert [fact["label"] for fact in view["pay"]["facts"]] == ["Bank", "Konto", "Kontoart", "Verwendungszweck"]
    assert view["pay"]["facts"][2]["value"] == "Sparkonto"
    assert (view["lang"], view["words"]["paper"]) == ("de", "us-letter")
    page = PdfDocument(invoice_pdf(new))[0]
    text = page.get_textpage().get_text_range()
    assert "Seite 1 von 1" in text
    assert "So zahlen Sie" in text
    assert [round(side) for side in page.get_size()] == [612, 792]
    statement = statement_view(statement_of(zara, PERIOD))
    assert (statement["heading"], statement["activity"]["total"]["label"]) == ("Kontoauszug", "Saldo am 31. März 2026")
    assert [part["label"] for part in statement["ageing"]["parts"]][:2] == ["Nicht fällig", "1 bis 30 Tage"]
    note = credit_note_view(credit_invoice(world.clerk, invoice=new, reason="Doppelt"))
    assert (note["heading"], note["figures"][0]["value"]) == ("Gutschrift", "1.234,50\u00a0R")
    paid = receipt_view(world.pays(zara, "40.00", allocate=[]))
    assert (paid["heading"], paid["figures"][0]["value"]) == ("Zahlungsbestätigung", "40,00\u00a0R")
    # A word that no table has would be English.
    for document in (view, statement, note, paid):
        said = re.sub(r"'key': '[^']*'", "", str(document))
        assert not re.search(r"'(Date|Reference|Total|Description|Account number)'", said)
    assert check_books() == []


def test_each_paper_carries_whole_documents(world: World) -> None:
    add_bank_account(world.caller(), details={"bank": "FNB", "number": "620 555", "iban": "DE89370400440532013000"})
    owing = {"2025-10-04": "123412.50", "2026-01-04": "999.50", "2026-02-04": "1234.50"}
    zara = world.customer("Zara Naidoo and Sons Engineering Works (Pty) Ltd", owing=owing)
    new, words = world.invoice(zara, "1234567.50", on="2026-03-05", due_on="2026-04-04"), []
    for paper, size in {"a4": [595, 842], "us-letter": [612, 792], "a5": [420, 595]}.items():
        change_operator(world.caller(), paper=paper)
        fresh = world.invoice(zara, "1234567.50", on="2026-03-05", due_on="2026-04-04")
        assert invoice_view(fresh)["words"]["paper"] == paper
        for pdf in (invoice_pdf(fresh), statement_pdf(statement_of(zara, PERIOD))):
            (page,) = PdfDocument(pdf)
            assert [round(side) for side in page.get_size()] == size
            words.append(page.get_textpage().get_text_range())
            # No figure runs into the one beside it, and nothing leaves the sheet.
            assert not re.search(r"\.\d\d\d", words[-1]), paper
            left, _, right, _ = (round(side) for side in bounds(page))
            assert (left >= 30, right <= size[0] - 30) == (True, True), (paper, left, right)
    assert [word.count("1,234,567.50") for word in words[::2]] == [words[0].count("1,234,567.50")] * 3
    # What was issued before stays on the paper that it was issued on.
    assert [round(side) for side in PdfDocument(invoice_pdf(new))[0].get_size()] == [595, 842]
    with pytest.raises(Refused) as refused:
        change_operator(world.caller(), paper="a3")
    assert (refused.value.field, Operator.objects.get().paper) == ("paper", "a5")
    assert check_books() == []


def bounds(page: PdfPage) -> tuple[float, float, float, float]:
    """The box around everything that is written on a page, in points."""
    text = page.get_textpage()
    boxes = [text.get_charbox(at) for at in range(text.count_chars()) if text.get_text_range(at, 1).strip()]
    return (
        min(box[0] for box in boxes), min(box[1] for box in boxes),
        max(box[2] for box in boxes), max(box[3] for box in boxes),
    )  # fmt: skip


def test_a_customer_reads_documents_and_messages_in_their_own_language(world: World) -> None:
    """English and German beside each other, whatever the company speaks; what was issued stays as it was."""
    ann, ben = world.customer("Ann"), world.customer("Ben", language="de")
    eva = world.customer("Eva", language="en")
    made = [world.invoice(who, "1234.50", due_on="2026-04-04") for who in (ann, ben, eva)]
    assert [invoice_view(one)["heading"] for one in made] == ["Invoice", "Rechnung", "Invoice"]
    said = [send_invoice(world.clerk, invoice=one, addresses=["x@y.example"]) for one in made]
    assert [one.subject.partition(" ")[0] for one in said] == ["Invoice", "Rechnung", "Invoice"]
    assert said[1].subject == f"Rechnung {made[1].number}, 1.234,50\u00a0R fällig am 4. April"
    assert "Guten Tag, anbei erhalten Sie Ihre Rechnung." in said[1].body_text
    assert "Betrag: 1.234,50\u00a0R\nFällig: 4. April\n" in said[1].body_text
    assert '<html lang="de">' in said[1].body_html
    assert "Bitte zahlen bis" not in said[0].body_text
    assert "Amount: R1,234.50" in said[0].body_text
    mail = send_statement(world.clerk, customer=ben, period=PERIOD, style="balance_forward", addresses=["x@y.example"])
    assert mail.subject == "Ihr Kontoauszug, 1.234,50\u00a0R fällig ab 4. April"
    change_operator(world.caller(), language="de")
    heads = [statement_view(statement_of(who, PERIOD))["heading"] for who in (ann, ben, eva)]
    assert heads == ["Kontoauszug", "Kontoauszug", "Statement of account"]
    assert [invoice_view(Invoice.objects.get(pk=one.pk))["heading"] for one in made] == [
        "Invoice",
        "Rechnung",
        "Invoice",
    ]
    # Words that the company wrote go before the delivered ones, the closest of them first.
    save_wording(world.caller(), kind="statement", subject="Auszug", text="Ihr Auszug.", language="de")
    told = [
        send_statement(world.clerk, customer=who, period=PERIOD, style="balance_forward", addresses=["x@y.example"])
        for who in (ann, eva)
    ]
    assert [one.subject for one in told] == ["Auszug", "Your statement, R1,234.50 due from 4 April"]
    # A language that documents do not know is theirs, and the company's words are said.
    zan = world.customer("Zan", language="zu")
    assert invoice_view(world.invoice(zan, "10.00", due_on="2026-04-04"))["heading"] == "Rechnung"
    assert check_books() == []


def test_a_brand_speaks_its_own_language_and_others_are_refused(world: World) -> None:
    valley = add_brand(world.caller(), name="Valley")
    change_brand(world.caller(), brand=valley, details={"language": "de"})
    ann, ben = world.customer("Ann", brand_id=valley.pk), world.customer("Ben")
    heads = [statement_view(statement_of(who, PERIOD))["heading"] for who in (ann, ben)]
    assert heads == ["Kontoauszug", "Statement of account"]
    before = counts(), Operator.objects.values().get()
    for name, value in (("language", "fr"), ("date_format", "ddd"), ("number_format", "x"), ("paper", "a0")):
        with pytest.raises(Refused, match="Choose a ") as refused:
            change_operator(world.caller(), **{name: value})
        assert (refused.value.field, counts(), Operator.objects.values().get()) == (name, *before)
    with pytest.raises(Refused, match="Choose a language"):
        change_brand(world.caller(), brand=valley, details={"language": "fr"})
