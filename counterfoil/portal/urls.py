"""The addresses of the portal."""

from __future__ import annotations

from django.urls import URLPattern, path

from counterfoil.customers.doors import EDIT_CONTACT, EDIT_SITE
from counterfoil.portal.views import account, arranging, asking, documents, look, paying, signing

app_name = "portal"
urlpatterns: list[URLPattern] = [
    path("", account.home, name="home"),
    path("logo/<str:sha256>/", look.logo, name="logo"),
    path("colour/<str:digits>/", look.colour, name="colour"),
    path("sign-in/", signing.sign_in, name="sign-in"),
    path("sign-in/link/", signing.ask_link, name="ask-link"),
    path("sign-in/password/", signing.password, name="password"),
    path("sign-in/passkey/ask/", signing.passkey_ask, name="passkey-ask"),
    path("sign-in/passkey/answer/", signing.passkey_answer, name="passkey-answer"),
    path("link/<str:token>/", signing.link, name="link"),
    path("as/<str:ticket>/", signing.view_as, name="view-as"),
    path("sign-out/", signing.sign_out, name="sign-out"),
    path("switch/", account.switch, name="switch"),
    path("invoices/", documents.invoices, name="invoices"),
    path("invoices/<int:pk>/", documents.invoice, name="invoice"),
    path("invoices/<int:pk>/pdf/", documents.invoice_file, name="invoice-file"),
    path("credit-notes/<int:pk>/pdf/", documents.credit_note_file, name="credit-note-file"),
    path("invoices/<int:pk>/dispute/", arranging.dispute, name="dispute"),
    path("promise/", arranging.promise, name="promise"),
    path("plan/", arranging.plan, name="plan"),
    path("pay/", paying.pay, name="pay"),
    path("pay/<str:reference>/", paying.paid, name="paid"),
    path("card/", paying.card, name="card"),
    path("card/add/", paying.card_add, name="card-add"),
    path("card/remove/", paying.card_remove, name="card-remove"),
    path("payments/", documents.payments, name="payments"),
    path("payments/<int:pk>/pdf/", documents.receipt_file, name="receipt-file"),
    path("statements/", documents.statements, name="statements"),
    path("usage/", documents.usage, name="usage"),
    path("requests/", asking.requests, name="requests"),
    path("requests/new/", asking.new, name="new-request"),
    path("requests/files/<int:pk>/", asking.file, name="request-file"),
    path("requests/<str:number>/", asking.request_page, name="request"),
    path("requests/<str:number>/rate/", asking.rate, name="rate-request"),
    path("details/", account.details, name="details"),
    path("details/contacts/<int:pk>/", account.correct(EDIT_CONTACT, lambda row: row.name), name="correct-contact"),
    path("details/addresses/<int:pk>/", account.correct(EDIT_SITE, lambda row: row.label), name="correct-address"),
    path("security/", account.security, name="security"),
    path("security/password/", account.set_password, name="set-password"),
    path("security/passkeys/new/", account.passkey_new, name="passkey-new"),
    path("security/passkeys/add/", account.passkey_add, name="passkey-add"),
    path("security/passkeys/<int:pk>/remove/", account.passkey_remove, name="passkey-remove"),
]
