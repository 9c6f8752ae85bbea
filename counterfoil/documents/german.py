"""What documents say, in German: by the English words."""

from __future__ import annotations

# Units of usage, one and several. A unit that is not here is printed as it was entered.
UNITS = {
    "minute": "Minute", "minutes": "Minuten", "hour": "Stunde", "hours": "Stunden", "day": "Tag", "days": "Tage",
    "second": "Sekunde", "seconds": "Sekunden", "call": "Anruf", "calls": "Anrufe", "message": "Nachricht",
    "messages": "Nachrichten", "unit": "Einheit", "units": "Einheiten", "page": "Seite", "pages": "Seiten",
    "user": "Nutzer", "users": "Nutzer", "device": "Gerät", "devices": "Geräte",
}  # fmt: skip

# Why a bank did not pay a direct debit (SEPA), within a sentence.
RETURNS = {
    "The IBAN is wrong": "IBAN ungültig",
    "Our own IBAN is wrong": "unsere IBAN ist ungültig",
    "The account is closed": "Konto aufgelöst",
    "The account is blocked": "Konto gesperrt",
    "The account is a consumer's, and cannot be debited under a business mandate":
        "Verbraucherkonto, Firmenlastschrift nicht möglich",
    "Direct debits are not allowed on this account": "Lastschriften sind auf diesem Konto nicht zugelassen",
    "The sequence (first or recurring) was wrong": "falsche Lastschriftfolge",
    "The amount is more than the bank allows": "Betrag über dem Limit der Bank",
    "There was not enough money in the account": "Konto nicht gedeckt",
    "The bank has the same collection already": "Lastschrift doppelt eingereicht",
    "The name is not the account holder's": "Name stimmt nicht mit dem Kontoinhaber überein",
    "The bank does not know our creditor identifier": "Gläubiger-ID unbekannt",
    "Our bank takes no part in the scheme": "unsere Bank nimmt am Verfahren nicht teil",
    "The currency is wrong": "falsche Währung",
    "The collection was withdrawn at our request": "auf unseren Wunsch zurückgezogen",
    "The payer's bank takes no part in the scheme": "Ihre Bank nimmt am Verfahren nicht teil",
    "The collection date is wrong": "falscher Einzugstag",
    "The banks could not settle it": "keine Verrechnung zwischen den Banken",
    "The file is not as the bank wants it": "Datei von der Bank nicht angenommen",
    "The local instrument (CORE or B2B) is wrong": "falsche Lastschriftart",
    "It was returned because we recalled it": "von uns zurückgerufen",
    "The bank suspects fraud": "Betrugsverdacht der Bank",
    "There is no valid mandate: the payer did not give it, or withdrew it": "kein gültiges Mandat",
    "The mandate's details are missing or wrong": "Mandatsdaten fehlen oder sind falsch",
    "The payer asked for the money back, within eight weeks and without giving a reason":
        "Erstattung innerhalb von acht Wochen verlangt",
    "The payer has died": "Kontoinhaber verstorben",
    "The payer refused the collection": "Lastschrift widersprochen",
    "The bank gave no reason. Often there was not enough money": "ohne Angabe von Gründen",
    "The BIC is wrong": "BIC ungültig",
    "The payer's account or identification is missing, which the law asks for": "Angaben zum Kontoinhaber fehlen",
    "The payer's name or address is missing, which the law asks for": "Name oder Anschrift des Zahlers fehlt",
    "Our name or address is missing, which the law asks for": "unser Name oder unsere Anschrift fehlt",
    "The bank may not pay it by law": "gesetzlich nicht zulässig",
    "The payer's bank was told not to pay us, or not to pay so much": "Lastschriftsperre beim Zahler",
    "The banks' systems failed": "technische Störung bei den Banken",
    "The file came after the bank's cut-off time": "nach Annahmeschluss eingereicht",
}  # fmt: skip

GERMAN = {
    # Heads.
    "Tax invoice": "Rechnung",
    "Invoice": "Rechnung",
    "Credit note": "Gutschrift",
    "Receipt": "Zahlungsbestätigung",
    "Statement of account": "Kontoauszug",
    "Statement": "Kontoauszug",
    "Draft": "Entwurf",
    "draft {number}": "Entwurf {number}",
    "not numbered yet": "noch ohne Nummer",
    "Reversed": "Storniert",
    "Page": "Seite",
    "of": "von",
    # Facts.
    "Bill to": "Rechnung an",
    "Credit to": "Gutschrift an",
    "Received from": "Erhalten von",
    "Received on": "Erhalten am",
    "Account": "Kundenkonto",
    "Account number": "Kundennummer",
    "Invoice number": "Rechnungsnummer",
    "Invoice date": "Rechnungsdatum",
    "Credit note number": "Gutschriftsnummer",
    "Receipt number": "Belegnummer",
    "Statement date": "Datum",
    "For invoice": "Zur Rechnung",
    "Your reference": "Ihr Zeichen",
    "Terms": "Zahlungsziel",
    "Date": "Datum",
    "Period": "Zeitraum",
    "{first} to {last}": "{first} bis {last}",
    "Reason": "Grund",
    "Reason: {reason}": "Grund: {reason}",
    # Terms.
    "{n} days from invoice": "{n} Tage ab Rechnungsdatum",
    "1 day from invoice": "1 Tag ab Rechnungsdatum",
    "Due on receipt": "Sofort fällig",
    "Day {n} of the next month": "Am {n}. des Folgemonats",
    "Last day of the next month": "Ende des Folgemonats",
    "{n} days after the end of the month": "{n} Tage nach Monatsende",
    "1 day after the end of the month": "1 Tag nach Monatsende",
    "End of the month": "Monatsende",
    # Figures.
    "Amount to pay": "Zu zahlen",
    "Amount credited": "Gutgeschrieben",
    "Amount received": "Erhalten",
    "Paid by": "Zahlungsart",
    "Please pay by": "Zahlbar bis",
    "Please pay": "Zu zahlen",
    "Please pay now": "Jetzt zu zahlen",
    "Nothing": "Nichts",
    "Nothing to pay": "Nichts zu zahlen",
    "Settled from account credit": "Aus Guthaben beglichen",
    "Overdue": "Überfällig",
    "Overdue, less {less}": "Überfällig, abzüglich {less}",
    "your account credit": "Ihres Guthabens",
    "the amount in dispute": "des strittigen Betrags",
    " and ": " und ",
    "Nothing is overdue": "Nichts ist überfällig",
    "Your account is paid up": "Alles ist bezahlt",
    "Your account is in credit": "Sie haben ein Guthaben",
    "Due {day}": "Fällig am {day}",
    "Due from {day}": "Fällig ab {day}",
    "First {numbers}": "Zuerst {numbers}",
    "{numbers} and {n} more": "{numbers} und {n} weitere",
    "In dispute": "Strittig",
    "Not payable while we look into it": "Nicht zahlbar, solange wir prüfen",
    "Account credit": "Guthaben",
    "Not used yet": "Noch nicht verrechnet",
    "Total, in credit": "Saldo zu Ihren Gunsten",
    "Total balance": "Saldo",
    "All amounts in {currency}": "Alle Beträge in {currency}",
    "All amounts in {currency}, {tax} included": "Alle Beträge in {currency}, inkl. {tax}",
    "euros": "Euro",
    "US dollars": "US-Dollar",
    "pounds": "Pfund",
    "rand": "Rand",
    "Namibian dollars": "Namibia-Dollar",
    # Lines.
    "Details": "Leistungen",
    "Credited items": "Gutgeschriebene Posten",
    "Allocated to": "Verrechnet mit",
    "Description": "Beschreibung",
    "Quantity": "Menge",
    "Unit price": "Einzelpreis",
    "Amount": "Betrag",
    "Amount, {tax} included": "Betrag inkl. {tax}",
    "Amount, {tax} excluded": "Betrag ohne {tax}",
    "Total, {tax} included": "Summe inkl. {tax}",
    "Total, {tax} excluded": "Summe ohne {tax}",
    "Total credited, {tax} included": "Gutgeschrieben inkl. {tax}",
    "{tax} by rate": "{tax} nach Satz",
    "{tax} included": "Inkl. {tax}",
    "Rate": "Satz",
    "Net": "Netto",
    "No {tax}": "Ohne {tax}",
    "none": "keine",
    "Total": "Summe",
    "Paid": "Bezahlt",
    "Received": "Erhalten",
    "On account": "Guthaben",
    # What lines say.
    "Services, {days}": "Leistungen, {days}",
    "{first} and {n} more": "{first} und {n} weitere",
    "Credit: {what}": "Gutschrift: {what}",
    "excl. {tax}": "zzgl. {tax}",
    " ({part} of {whole} days of {price})": " ({part} von {whole} Tagen zu {price})",
    ", {percent} % off": ", {percent} % Rabatt",
    ", {quantity} included": ", {quantity} inklusive",
    " at {price}": " zu {price}",
    ", {amount} of it charged before": ", davon {amount} bereits berechnet",
    "{what} cancelled before the contract ends": "{what}, vor Vertragsende gekündigt",
    "{what}, job {number}": "{what}, Auftrag {number}",
    "Services changed": "Leistungen geändert",
    # What open items say.
    "Payment received, {method}": "Zahlungseingang, {method}",
    "Payment reversed, {reason}": "Zahlung storniert, {reason}",
    "Refund, {reason}": "Erstattung, {reason}",
    "Moved to {account}": "Übertragen auf Konto {account}",
    "From {account}: {what}": "Von Konto {account}: {what}",
    "debit order returned: {why}": "Rücklastschrift: {why}",
    "Fee, debit order returned: {why}": "Gebühr für Rücklastschrift: {why}",
    "Interest for late payment": "Verzugszinsen",
    "Fee for late payment": "Mahngebühr",
    # The statement.
    "Transactions": "Bewegungen",
    "What is open": "Offene Posten",
    "Nothing is open.": "Nichts ist offen.",
    "Reference": "Beleg",
    "Due": "Fällig",
    "Days late": "Tage überfällig",
    "Original": "Ursprünglich",
    "Open": "Offen",
    "Balance": "Saldo",
    "Balance on {day}": "Saldo am {day}",
    "Opening balance": "Anfangssaldo",
    "Opening balance, no transactions in this period": "Anfangssaldo, keine Bewegungen in diesem Zeitraum",
    "({amount} in dispute)": "({amount} strittig)",
    "Age of the balance": "Alter des Saldos",
    "Not due": "Nicht fällig",
    "{first} to {last} days": "{first} bis {last} Tage",
    "Over {n} days": "Über {n} Tage",
    # Ways to pay.
    "EFT": "Überweisung",
    "Debit order": "Lastschrift",
    "Cash": "Bar",
    "Credit card": "Kreditkarte",
    # How to pay.
    "How to pay": "So zahlen Sie",
    "Account holder": "Kontoinhaber",
    "Bank": "Bank",
    "Branch": "Filiale",
    "Account|bank": "Konto",
    "Type": "Kontoart",
    "Current": "Girokonto",
    "Savings": "Sparkonto",
    "Transmission": "Transmissionskonto",
    "Reference|payment": "Verwendungszweck",
    "Pay by card or EFT": "Mit Karte oder Überweisung zahlen",
    "Scan, or go to": "Scannen oder öffnen:",
    "Or pay by card at": "Oder mit Karte zahlen:",
    "Scan it with your banking app:": "Mit der Banking-App scannen:",
    "Use the reference exactly, then your payment shows within a day.":
        "Geben Sie den Verwendungszweck genau an, dann ist Ihre Zahlung innerhalb eines Tages verbucht.",
    "{note} Questions? Write to {email} or call {phone}.": "{note} Fragen? {email} oder {phone}.",
    "{note} Questions? Write to {email}.": "{note} Fragen? {email}.",
    "{note} Questions? Call {phone}.": "{note} Fragen? {phone}.",
    # Closing words.
    "{paid} of {total} was settled from your account credit when this invoice was issued.":
        "{paid} von {total} wurden bei Rechnungsstellung aus Ihrem Guthaben beglichen.",
    "This is a draft, not an invoice. No payment is due.":
        "Dies ist ein Entwurf, keine Rechnung. Es ist nichts zu zahlen.",
    "This amount has been credited to your account {number}. You don't need to do anything.":
        "Der Betrag ist Ihrem Kundenkonto {number} gutgeschrieben. Sie müssen nichts tun.",
    "Thank you for your payment.": "Vielen Dank für Ihre Zahlung.",
    "This payment was reversed on {day}: {reason}. It no longer counts.":
        "Diese Zahlung wurde am {day} storniert: {reason}. Sie zählt nicht mehr.",
    "You don't need to pay anything. Your credit is taken off your next invoice.":
        "Sie müssen nichts zahlen. Ihr Guthaben wird mit der nächsten Rechnung verrechnet.",
    "You don't need to pay anything. Thank you for paying on time.":
        "Sie müssen nichts zahlen. Vielen Dank für Ihre pünktlichen Zahlungen.",
    # E-mails: what is due.
    "{what}. The PDF is attached.": "{what}. Die PDF-Datei liegt bei.",
    "{what} The PDF is attached.": "{what} Die PDF-Datei liegt bei.",
    "Your statement to {day}": "Ihr Kontoauszug bis {day}",
    "Balance {amount} on {day}. {overdue}": "Saldo {amount} am {day}. {overdue}",
    "{amount} due {day}": "{amount} fällig am {day}",
    "{amount} due from {day}": "{amount} fällig ab {day}",
    "{amount} to pay now": "{amount} jetzt zu zahlen",
    "nothing to pay": "nichts zu zahlen",
    "{amount}, in dispute": "{amount}, strittig",
    "{amount}, settled": "{amount}, beglichen",
    "{amount} in credit": "{amount} Guthaben",
    "{amount} in dispute": "{amount} strittig",
    "{amount} is overdue.": "{amount} ist überfällig.",
    "Nothing is overdue.": "Nichts ist überfällig.",
    "1 day overdue": "seit 1 Tag überfällig",
    "{n} days overdue": "seit {n} Tagen überfällig",
    "{settled} of {total} is settled.": "{settled} von {total} sind beglichen.",
    "{amount} is in dispute and not payable yet.": "{amount} sind strittig und noch nicht zahlbar.",
    "Settled": "Beglichen",
    "To pay": "Zu zahlen",
    "About": "Betrifft",
    "and {n} more, see the attached statement": "und {n} weitere, siehe Kontoauszug im Anhang",
    # E-mails: what to do.
    "Pay {amount}": "{amount} zahlen",
    "Pay online": "Online zahlen",
    "Pay by EFT": "Per Überweisung zahlen",
    "Or pay by EFT": "Oder per Überweisung zahlen",
    "account {number}": "Konto {number}",
    "reference": "Verwendungszweck",
    "Get statements and invoices yourself, at any time": "Kontoauszüge und Rechnungen jederzeit selbst abrufen",
    "Sign in": "Anmelden",
    "Go to your account": "Zu Ihrem Konto",
    "Questions?": "Fragen?",
    "If you did not ask for it, do nothing: without it nobody can sign in as {email}.":
        "Wenn Sie das nicht angefordert haben, müssen Sie nichts tun: Ohne diesen Link kann sich niemand als {email} "
        "anmelden.",
    # Letters.
    "and {n} more": "und {n} weitere",
    "1 day late": "1 Tag überfällig",
    "{n} days late": "{n} Tage überfällig",
    "{number}, due {day}, {late}: {amount}": "{number}, fällig am {day}, {late}: {amount}",
    "interest of {amount}": "Zinsen von {amount}",
    "a fee of {amount}": "eine Gebühr von {amount}",
    "We have charged {what} to your account.": "Wir haben Ihrem Kundenkonto {what} belastet.",
    # What messages say as delivered.
    "Invoice {invoice_number}, {what_is_due}": "Rechnung {invoice_number}, {what_is_due}",
    "Good day, your invoice is attached.": "Guten Tag, anbei erhalten Sie Ihre Rechnung.",
    "Your statement, {what_is_due}": "Ihr Kontoauszug, {what_is_due}",
    "Good day, your statement is attached.": "Guten Tag, anbei erhalten Sie Ihren Kontoauszug.",
    "Your account with {company_name}, online": "Ihr Kundenkonto bei {company_name}, online",
    "Good day {contact_name}, you can now see the account of {customer_name} ({account_number}) with "
    "{company_name} online: what there is to pay, invoices, payments and statements of any period. Enter {email} "
    "and you get a link that signs you in.":
        "Guten Tag {contact_name}, das Kundenkonto von {customer_name} ({account_number}) bei {company_name} können "
        "Sie jetzt online einsehen: was zu zahlen ist, Rechnungen, Zahlungen und Kontoauszüge jedes Zeitraums. Geben "
        "Sie {email} ein, dann erhalten Sie einen Link zum Anmelden.",
    "Sign in to {company_name}": "Anmelden bei {company_name}",
    "This link signs you in. It works once and for a short time.":
        "Mit diesem Link melden Sie sich an. Er gilt einmal und nur kurze Zeit.",
    "{amount} is overdue on account {account_number}": "{amount} überfällig, Kundenkonto {account_number}",
    "Good day, {amount} on your account is overdue.\n"
    "Please pay it, or talk to us, so that your service is not suspended.":
        "Guten Tag, auf Ihrem Kundenkonto sind {amount} überfällig.\n"
        "Bitte zahlen Sie oder sprechen Sie mit uns, damit Ihr Anschluss nicht gesperrt wird.",
    "Your service will be suspended on {suspension_date}": "Ihr Anschluss wird am {suspension_date} gesperrt",
    "Good day, {amount} on your account is still overdue.\n"
    "If it is not paid, your service will be suspended on {suspension_date}.":
        "Guten Tag, auf Ihrem Kundenkonto sind weiterhin {amount} überfällig.\n"
        "Ohne Zahlung wird Ihr Anschluss am {suspension_date} gesperrt.",
    "Your service is suspended: {amount} is overdue": "Ihr Anschluss ist gesperrt: {amount} überfällig",
    "Good day, your service is switched off because {amount} is overdue.\n"
    "Pay it and it is switched on again as soon as the payment is recorded.":
        "Guten Tag, Ihr Anschluss ist abgeschaltet, weil {amount} überfällig sind.\n"
        "Sobald Ihre Zahlung verbucht ist, wird er wieder eingeschaltet.",
    "Your service is switched on again": "Ihr Anschluss ist wieder eingeschaltet",
    "Good day, your service is being switched on again. Thank you.":
        "Guten Tag, Ihr Anschluss wird wieder eingeschaltet. Vielen Dank.",
    "{amount} will be collected on {collection_date}": "{amount} werden am {collection_date} eingezogen",
    "Good day, we will collect {amount} from your account {bank_account} on {collection_date}, under mandate "
    "{mandate_number}.\nPlease see that there is enough money in it. If something is wrong, tell us before that day.":
        "Guten Tag, wir ziehen am {collection_date} {amount} von Ihrem Konto {bank_account} ein, Mandat "
        "{mandate_number}.\nBitte sorgen Sie für Deckung. Wenn etwas nicht stimmt, sagen Sie uns vorher Bescheid.",
    "Your debit order of {amount} came back": "Ihre Lastschrift über {amount} kam zurück",
    "Good day, your bank did not pay our debit order of {amount} of {collection_date}: {reason}.\n"
    "The amount is owed again. Please pay it, or talk to us.":
        "Guten Tag, Ihre Bank hat unsere Lastschrift über {amount} vom {collection_date} nicht eingelöst: {reason}.\n"
        "Der Betrag ist wieder offen. Bitte zahlen Sie ihn oder sprechen Sie mit uns.",
    "Your card was declined for {amount}": "Ihre Karte wurde für {amount} abgelehnt",
    "Good day, we could not charge {amount} to your card {card}: {reason}.\n"
    "Please pay with another card or by bank transfer, or add another card.":
        "Guten Tag, wir konnten {amount} nicht von Ihrer Karte {card} abbuchen: {reason}.\n"
        "Bitte zahlen Sie mit einer anderen Karte oder per Überweisung, oder hinterlegen Sie eine andere Karte.",
    "Please confirm your payment of {amount}": "Bitte bestätigen Sie Ihre Zahlung von {amount}",
    "Good day, we wanted to charge {amount} to your card {card}, and your bank asks you to confirm it.\n"
    "Please open the payment page and pay there; it takes a minute.":
        "Guten Tag, wir wollten {amount} von Ihrer Karte {card} abbuchen, und Ihre Bank bittet Sie um Bestätigung.\n"
        "Bitte öffnen Sie die Zahlungsseite und zahlen Sie dort; das dauert eine Minute.",
    "Your card {card} expires {expiry}": "Ihre Karte {card} läuft {expiry} ab",
    "Good day, your card {card} expires {expiry}.\nAdd your new card, and your payments go on as before.":
        "Guten Tag, Ihre Karte {card} läuft {expiry} ab.\nHinterlegen Sie Ihre neue Karte, dann läuft alles weiter.",
    # About visits.
    "{service} has used {used} of {included}": "{service} hat {used} von {included} verbraucht",
    "Good day, {service} has used {used} of the {included} that are included until {until}.\n"
    "When all of it is used: {beyond}.":
        "Guten Tag, {service} hat {used} der {included} verbraucht, die bis {until} enthalten sind.\n"
        "Wenn alles verbraucht ist: {beyond}.",
    "{service} has used all of its {included}": "{service} hat alle {included} verbraucht",
    "Good day, {service} has used {used}. {included} are included until {until}.\n"
    "Until then: {beyond}.":
        "Guten Tag, {service} hat {used} verbraucht. Bis {until} sind {included} enthalten.\n"
        "Bis dahin: {beyond}.",
    "the line goes on at {speed}": "der Anschluss läuft mit {speed} weiter",
    "the line is closed": "der Anschluss ist gesperrt",
    "the line goes on as before": "der Anschluss läuft weiter wie bisher",
    "We visit you on {visit_date}, {visit_from} to {visit_to}":
        "Wir besuchen Sie am {visit_date}, {visit_from} bis {visit_to} Uhr",
    "Good day, {technician} visits you on {visit_date} between {visit_from} and {visit_to}.\n"
    "It is about: {what}, {job_number}.\n"
    "Please see that somebody is there. If that does not suit you, tell us today.":
        "Guten Tag, {technician} besucht Sie am {visit_date} zwischen {visit_from} und {visit_to} Uhr.\n"
        "Es geht um: {what}, {job_number}.\n"
        "Bitte sorgen Sie dafür, dass jemand da ist. Wenn es Ihnen nicht passt, sagen Sie uns heute noch Bescheid.",
    # Letters to customers who are late, as delivered.
    "Reminder: {amount_due} is overdue":
        "Erinnerung: {amount_due} sind überfällig",
    "Good day {customer_name},\n\n"
    "We have not received payment for the following on account {account_number}. Perhaps it was "
    "overlooked.\n\n"
    "{items}\n\n"
    "Please pay {amount_due}. If you have paid in the last few days, please ignore this reminder.\n\n"
    "{charges}\n{how_to_pay}\n\n"
    "{company_name}":
        "Guten Tag {customer_name},\n\n"
        "für die folgenden Posten auf dem Konto {account_number} haben wir noch keine Zahlung erhalten. "
        "Vielleicht haben Sie sie übersehen.\n\n"
        "{items}\n\n"
        "Bitte zahlen Sie {amount_due}. Wenn Sie in den letzten Tagen gezahlt haben, betrachten Sie "
        "dieses Schreiben bitte als erledigt.\n\n"
        "{charges}\n{how_to_pay}\n\n"
        "{company_name}",
    "Second reminder: {amount_due} is {oldest_days} days overdue":
        "Zweite Mahnung: {amount_due} sind seit {oldest_days} Tagen überfällig",
    "Good day {customer_name},\n\n"
    "We have written to you before. The following on account {account_number} is still unpaid.\n\n"
    "{items}\n\n"
    "Please pay {amount_due} within seven days, or call us if something is not right.\n\n"
    "{charges}\n{how_to_pay}\n\n"
    "{company_name}":
        "Guten Tag {customer_name},\n\n"
        "wir haben Ihnen bereits geschrieben. Die folgenden Posten auf dem Konto {account_number} sind "
        "noch offen.\n\n"
        "{items}\n\n"
        "Bitte zahlen Sie {amount_due} innerhalb von sieben Tagen, oder rufen Sie uns an, wenn etwas "
        "nicht stimmt.\n\n"
        "{charges}\n{how_to_pay}\n\n"
        "{company_name}",
    "Final demand: {amount_due} is {oldest_days} days overdue":
        "Letzte Mahnung: {amount_due} sind seit {oldest_days} Tagen überfällig",
    "{customer_name}\n\n"
    "Despite our reminders, account {account_number} is still unpaid.\n\n"
    "{items}\n\n"
    "This is our final demand for {amount_due}. If it is not paid within seven days, services may "
    "be suspended and the debt handed over for collection.\n\n"
    "{charges}\n{how_to_pay}\n\n"
    "{company_name}":
        "{customer_name}\n\n"
        "Trotz unserer Schreiben ist das Konto {account_number} noch nicht ausgeglichen.\n\n"
        "{items}\n\n"
        "Dies ist unsere letzte Mahnung über {amount_due}. Geht die Zahlung nicht innerhalb von sieben "
        "Tagen ein, können wir Leistungen sperren und die Forderung zum Einzug abgeben.\n\n"
        "{charges}\n{how_to_pay}\n\n"
        "{company_name}",
    # About payment plans.
    "Your payment plan: {total} in {count} payments": "Ihre Ratenzahlung: {total} in {count} Raten",
    "Good day, thank you for agreeing a payment plan with us. You pay {total} on account {account_number} as follows:\n"
    "{payments}\n"
    "While you pay each amount by its day, we send no reminders about it and your service stays on. "
    "If a day is not possible, please tell us before it.":
        "Guten Tag, danke für die Vereinbarung einer Ratenzahlung. Sie zahlen {total} auf das Konto {account_number} "
        "wie folgt:\n"
        "{payments}\n"
        "Solange jede Rate bis zu ihrem Tag bei uns ist, mahnen wir nicht, und Ihr Anschluss bleibt an. "
        "Wenn ein Tag nicht möglich ist, sagen Sie uns bitte vorher Bescheid.",
    "{n}. by {day}: {amount}": "{n}. bis {day}: {amount}",
    # About tickets.
    "Your ticket: {number}. Answer this e-mail and we have all of it before us.":
        "Ihre Anfrage: {number}. Antworten Sie auf diese E-Mail, dann liegt uns alles vor.",
    "See it in the portal": "Im Portal ansehen",
}  # fmt: skip
