"""The addresses of the desk."""

from __future__ import annotations

from django.urls import URLPattern, path

from counterfoil.access import forms as access
from counterfoil.billing import forms as billing
from counterfoil.customers import forms as customers
from counterfoil.desk.forms import RefuseApprovalForm
from counterfoil.desk.views import approvals, documents, find, home, imports, reports, session
from counterfoil.desk.views import customers as customer_views
from counterfoil.payments import forms as payments
from counterfoil.platform.doors import door
from counterfoil.receivables import forms as receivables
from counterfoil.receivables.statement_form import SendStatementForm

_DO = "customers/<str:number>"

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("sign-in/", session.sign_in, name="sign-in"),
    path("sign-out/", session.sign_out, name="sign-out"),
    path("theme/", session.theme, name="theme"),
    path("find", find.find, name="find"),
    path("customers/", customer_views.index, name="customers"),
    path("customers/new/", door(customers.AddCustomerForm), name="add-customer"),
    # What can be done to a customer comes before its tabs, so that no tab can shadow it.
    path(f"{_DO}/edit/", door(customers.EditCustomerForm), name="edit-customer"),
    path(f"{_DO}/contact/", door(customers.AddContactForm), name="add-contact"),
    path(f"{_DO}/address/", door(customers.AddSiteForm), name="add-site"),
    path(f"{_DO}/note/", door(customers.AddNoteForm), name="add-note"),
    path(f"{_DO}/deactivate/", door(customers.DeactivateForm), name="deactivate"),
    path(f"{_DO}/reactivate/", door(customers.ReactivateForm), name="reactivate"),
    path(f"{_DO}/payment/", door(payments.RecordPaymentForm), name="record-payment"),
    path(f"{_DO}/refund/", door(payments.RefundForm), name="refund"),
    path(f"{_DO}/invoice/", door(billing.NewInvoiceForm), name="new-invoice"),
    path(f"{_DO}/credit/", door(receivables.IssueCreditForm), name="issue-credit"),
    path(f"{_DO}/charge/", door(receivables.DebitMemoForm), name="debit-memo"),
    path(f"{_DO}/allocate/", door(receivables.AllocateForm), name="allocate"),
    path(f"{_DO}/allocate-oldest/", door(receivables.AllocateOldestForm), name="allocate-oldest"),
    path(f"{_DO}/send-statement/", door(SendStatementForm), name="send-statement"),
    path(f"{_DO}/portal-access/", door(access.GiveAccessForm), name="give-access"),
    path(f"{_DO}/view-as/", door(access.ViewAsForm), name="view-as"),
    path("customers/<str:number>/statement/", documents.statement, name="statement"),
    path("customers/<str:number>/peek/", customer_views.peek, name="peek"),
    path("customers/<str:number>/panels/<slug:key>/", customer_views.panel, name="panel"),
    path("customers/<str:number>/", customer_views.tab, name="customer"),
    path("customers/<str:number>/<slug:key>/", customer_views.tab, name="customer-tab"),
    path("portal-access/<int:pk>/take-away/", door(access.TakeAccessForm), name="take-access"),
    path("contacts/<int:pk>/edit/", door(customers.EditContactForm), name="edit-contact"),
    path("addresses/<int:pk>/edit/", door(customers.EditSiteForm), name="edit-site"),
    path("notes/<int:pk>/pin/", customer_views.toggle_pin, name="pin-note"),
    path("invoices/<int:pk>/", documents.invoice, name="invoice"),
    path("invoices/<int:pk>/pdf/", documents.invoice_file, name="invoice-file"),
    path("invoices/<int:pk>/edit/", door(billing.EditDraftForm), name="edit-draft"),
    path("invoices/<int:pk>/issue/", documents.issue, name="issue-invoice"),
    path("invoices/<int:pk>/discard/", documents.discard, name="discard-draft"),
    path("invoices/<int:pk>/credit/", door(billing.CreditInvoiceForm), name="credit-invoice"),
    path("invoices/<int:pk>/send/", door(billing.SendInvoiceForm), name="send-invoice"),
    path("credit-notes/<int:pk>/pdf/", documents.credit_note_file, name="credit-note-file"),
    path("payments/<int:pk>/", documents.receipt, name="receipt"),
    path("payments/<int:pk>/pdf/", documents.receipt_file, name="receipt-file"),
    path("payments/<int:pk>/reverse/", door(payments.ReverseReceiptForm), name="reverse-receipt"),
    path("items/<int:pk>/", documents.item, name="item"),
    path("items/<int:pk>/write-off/", door(receivables.WriteOffForm), name="write-off"),
    path("items/<int:pk>/dispute/", door(receivables.OpenDisputeForm), name="open-dispute"),
    path("items/<int:pk>/close-dispute/", door(receivables.CloseDisputeForm), name="close-dispute"),
    path("allocations/<int:pk>/undo/", door(receivables.UndoAllocationForm), name="undo-allocation"),
    path("messages/<int:pk>/", documents.message, name="message"),
    path("messages/<int:pk>/take-back/", documents.take_back, name="cancel-message"),
    path("messages/files/<int:pk>/", documents.message_file, name="message-file"),
    path("approvals/", approvals.index, name="approvals"),
    path("approvals/<int:pk>/", approvals.detail, name="approval"),
    path("approvals/<int:pk>/approve/", approvals.give, name="approve"),
    path("approvals/<int:pk>/refuse/", door(RefuseApprovalForm), name="refuse-approval"),
    path("approvals/<int:pk>/withdraw/", approvals.withdraw, name="withdraw-approval"),
    path("import/", imports.imports, name="imports"),
    path("reports/age-analysis/", reports.age_analysis, name="age-analysis"),
    path("reports/open-items/", reports.aged_items, name="aged-items"),
]
