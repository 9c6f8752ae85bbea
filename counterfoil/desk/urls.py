"""The addresses of the desk."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path, re_path

from counterfoil.access import forms as access
from counterfoil.bank.forms import BringInForm
from counterfoil.billing import bill_forms as bills
from counterfoil.billing import forms as billing
from counterfoil.billing import tax_forms as taxes
from counterfoil.collections import forms as calls
from counterfoil.credit import forms as credit
from counterfoil.customers import detail_forms as details
from counterfoil.customers import forms as customers
from counterfoil.debits.forms import AnswersForm
from counterfoil.desk import catalogue_forms as products
from counterfoil.desk import chosen_forms as chosen
from counterfoil.desk import forms as desk
from counterfoil.desk import pages
from counterfoil.desk import service_forms as services
from counterfoil.desk import subscription_forms as subscriptions
from counterfoil.desk.views import (
    approvals,
    collections,
    debit_orders,
    documents,
    dunning,
    find,
    home,
    imports,
    jobs,
    mail,
    network,
    reports,
    runs,
    session,
    settings,
    suspension,
    tickets,
    work,
)
from counterfoil.desk.views import catalogue as catalogue_views
from counterfoil.desk.views import credit as credit_views
from counterfoil.desk.views import customers as customer_views
from counterfoil.desk.views import staff as staff_views
from counterfoil.desk.views.lists import listed
from counterfoil.desk.views.records import record
from counterfoil.jobs.forms import JobFileForm
from counterfoil.messaging import forms as messaging
from counterfoil.operator import forms as operator
from counterfoil.payments import forms as payments
from counterfoil.platform.doors import door
from counterfoil.platform.plain import all_doors
from counterfoil.platform.showing import nouns
from counterfoil.receivables import forms as receivables
from counterfoil.receivables.statement_form import SendStatementForm
from counterfoil.staff import forms as staff
from counterfoil.staff.sign_in import single_sign_on, single_sign_on_callback

_DO = "customers/<str:number>"
# The pages of the sign-in package, under our addresses; nobody signs up by themselves.
SIGN_IN: list[URLPattern | URLResolver] = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("sign-in/inactive/", account.account_inactive, name="account_inactive"),
    path("sign-in/again/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/password/", account.password_reset, name="account_reset_password"),
    path("sign-in/password/sent/", account.password_reset_done, name="account_reset_password_done"),
    path("sign-in/password/set/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^sign-in/password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("me/password/", account.password_change, name="account_change_password"),
    path("me/password/first/", account.password_set, name="account_set_password"),
    path("me/sign-in/", include("allauth.mfa.urls")),
    path("me/sessions/", include("allauth.usersessions.urls")),
    path("sso/", include("allauth.socialaccount.urls")),
    path("sso/oidc/<str:provider_id>/login/", single_sign_on, name="openid_connect_login"),
    path("sso/oidc/<str:provider_id>/login/callback/", single_sign_on_callback, name="openid_connect_callback"),
    path("sso/", include("allauth.socialaccount.providers.openid_connect.urls")),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("sign-in/", account.login, name="sign-in"),
    path("sign-out/", account.logout, name="sign-out"),
    path("sign-out/everywhere/", session.end_sessions, name="sign-out-everywhere"),
    *SIGN_IN,
    path("theme/", session.theme, name="theme"),
    path("find", find.find, name="find"),
    path("customers/", listed(pages.CUSTOMERS), name=pages.CUSTOMERS.name),
    path("customers/collector/", door(chosen.GiveToCollectorForm), name="give-to-collector"),
    path("customers/send-statements/", door(chosen.SendStatementsForm), name="send-statements"),
    path("customers/new/", door(customers.AddCustomerForm), name="add-customer"),
    # What can be done to a customer comes before its tabs, so that no tab can shadow it.
    path("customers/duplicates/", listed(pages.DUPLICATE_ACCOUNTS), name=pages.DUPLICATE_ACCOUNTS.name),
    path(f"{_DO}/merge/", door(receivables.MergeForm), name="merge"),
    path(f"{_DO}/erase/", door(desk.EraseForm), name="erase"),
    path(f"{_DO}/personal-data/file/", customer_views.personal_file, name="personal-data-file"),
    path(f"{_DO}/attach/", door(details.AttachFileForm), name="attach-file"),
    path(f"{_DO}/messages-go/<slug:about>/", door(details.DestinationsForm), name="destinations"),
    path(f"{_DO}/edit/", door(customers.EditCustomerForm), name="edit-customer"),
    path(f"{_DO}/payment/", door(payments.RecordPaymentForm), name="record-payment"),
    path(f"{_DO}/call/", door(calls.CallForm), name="log-call"),
    path(f"{_DO}/plan/", door(calls.PlanForm), name="agree-plan"),
    path("calls/<int:pk>/add/", door(calls.AddToCallForm), name="add-to-call"),
    path("dunning/", listed(pages.DUNNING), name=pages.DUNNING.name),
    path("dunning/preliminary/", dunning.preliminary, name="dunning-preliminary"),
    path("dunning/<int:pk>/", dunning.run, name="dunning-run"),
    path("dunning/<int:pk>/letters/", dunning.run_letters_file, name="run-letters-file"),
    path("correspondence/<int:pk>/pdf/", dunning.letter_file, name="letter-file"),
    path("payment-plans/<int:pk>/pdf/", collections.plan_file, name="plan-file"),
    path("collections/", collections.workbench, name="collections"),
    path("collections/incoming/", collections.incoming, name="incoming-call"),
    path("collections/team/", collections.team, name="collectors"),
    *(path(f"collections/{one.name}/", listed(one), name=one.name) for one in pages.COLLECTIONS),
    path(f"{_DO}/subscription/", door(subscriptions.NewSubscriptionForm), name="new-subscription"),
    path(f"{_DO}/one-time-charge/", door(subscriptions.OneTimeChargeForm), name="one-time-charge"),
    path("subscriptions/<int:pk>/add/", door(subscriptions.AddServiceForm), name="add-service"),
    path("subscriptions/<int:pk>/terms/", door(subscriptions.AmendTermsForm), name="amend-terms"),
    path("subscriptions/<int:pk>/account/", door(subscriptions.ChangeAccountForm), name="change-account"),
    path("subscriptions/<int:pk>/remove/", door(subscriptions.RemoveServicesForm), name="remove-services"),
    path("services/<int:pk>/package/", door(services.ChangePackageForm), name="change-package"),
    path("services/<int:pk>/remove/", door(services.RemoveServiceForm), name="remove-service"),
    *(
        path(f"services/<int:pk>/{kind}/", door(form), name=f"service-{kind}")
        for kind, form in services.ACTIONS.items()
    ),
    path(f"{_DO}/bill/", door(bills.BillNowForm), name="bill-now"),
    path("catalogue/", listed(pages.CATALOGUE), name=pages.CATALOGUE.name),
    path("catalogue/add/", door(products.AddProductForm), name="add-product"),
    path("catalogue/raise/", door(products.RaisePricesForm), name="raise-prices"),
    path("catalogue/raise/whom/", catalogue_views.raise_touched, name="raise-touched"),
    path("catalogue/coupons/", listed(pages.COUPONS), name=pages.COUPONS.name),
    path("catalogue/<int:pk>/", catalogue_views.product, name="product"),
    path("catalogue/<int:pk>/change/", door(products.ChangeProductForm), name="change-product"),
    path("catalogue/<int:pk>/withdraw/", door(products.WithdrawProductForm), name="withdraw-product"),
    path("catalogue/<int:pk>/sell-again/", door(products.OfferProductForm), name="offer-product"),
    path("catalogue/<int:pk>/price/", door(products.SetPriceForm), name="set-price"),
    path("catalogue/<int:pk>/price/whom/", catalogue_views.price_touched, name="price-touched"),
    path("bill-runs/", listed(pages.RUNS), name=pages.RUNS.name),
    path("bill-runs/<int:pk>/", runs.run, name="bill-run"),
    path("bill-runs/<int:pk>/state/", runs.state, name="bill-run-state"),
    path("bill-runs/<int:pk>/review/", runs.review, name="review-bill-run"),
    *(path(f"{one.name}/", listed(one), name=one.name) for one in pages.EVERYONES),
    path("suspensions/", listed(pages.SUSPENSIONS), name=pages.SUSPENSIONS.name),
    path("suspensions/approve/", door(chosen.ApproveSuspensionsForm), name="approve-suspensions"),
    path("suspensions/foreseen/", suspension.foreseen, name="suspensions-foreseen"),
    path("field-jobs/", listed(pages.FIELD_JOBS), name=pages.FIELD_JOBS.name),
    path("field-jobs/<str:number>/", jobs.job, name="field-job"),
    path("field-jobs/<str:number>/file/", door(JobFileForm), name="attach-job-file"),
    path("schedule/", jobs.schedule, name="schedule"),
    path("settings/jobs/", jobs.settings, name="job-settings"),
    path("tickets/", listed(pages.TICKETS), name=pages.TICKETS.name),
    path("tickets/mail/", listed(pages.INCOMING_MAIL), name=pages.INCOMING_MAIL.name),
    path("tickets/files/<int:pk>/", tickets.file, name="ticket-file"),
    path("tickets/<str:number>/", tickets.ticket, name="ticket"),
    path("settings/tickets/", tickets.settings, name="ticket-settings"),
    path("debit-orders/", listed(pages.DEBITS_PAGE), name=pages.DEBITS_PAGE.name),
    path("debit-orders/answers/", door(AnswersForm), name="bring-in-answers"),
    path("debit-runs/<int:pk>/", debit_orders.run, name="debit-run"),
    path("debit-runs/<int:pk>/file/", debit_orders.file, name="debit-file"),
    path("card-events/", listed(pages.CARD_EVENTS_PAGE), name=pages.CARD_EVENTS_PAGE.name),
    path("settings/card-payments/", settings.card_payments, name="card-settings"),
    path("sessions/", listed(pages.SESSIONS), name=pages.SESSIONS.name),
    path("access-accounts/", listed(pages.ACCESS_ACCOUNTS), name=pages.ACCESS_ACCOUNTS.name),
    path("settings/access/", network.settings, name="network-settings"),
    path("settings/debit-orders/", settings.debit_orders, name="debit-settings"),
    path("bank/", listed(pages.BANK_PAGE), name=pages.BANK_PAGE.name),
    path("bank/bring-in/", door(BringInForm), name="bring-in-statement"),
    path("settings/closing/", listed(pages.CLOSING_PAGE), name=pages.CLOSING_PAGE.name),
    path("settings/holidays/", listed(pages.HOLIDAYS_PAGE), name=pages.HOLIDAYS_PAGE.name),
    path("invoices/send/", door(chosen.SendInvoicesForm), name="send-invoices"),
    path("invoices/print/", door(chosen.PrintInvoicesForm), name="print-invoices"),
    path("credit-notes/print/", door(chosen.PrintCreditNotesForm), name="print-credit-notes"),
    path("customers/print-statements/", door(chosen.PrintStatementsForm), name="print-statements"),
    path("customers/allocate-credit/", door(chosen.AllocateCreditsForm), name="allocate-credits"),
    path("invoices/issue/", door(chosen.IssueDraftsForm), name="issue-drafts"),
    path("invoices/<int:pk>/recurring/", door(bills.MakeRecurringForm), name="make-recurring"),
    path(f"{_DO}/invoice/", door(billing.NewInvoiceForm), name="new-invoice"),
    path(f"{_DO}/allocate/", door(receivables.AllocateForm), name="allocate"),
    path(f"{_DO}/allocate-oldest/", door(receivables.AllocateOldestForm), name="allocate-oldest"),
    path(f"{_DO}/send-statement/", door(SendStatementForm), name="send-statement"),
    path(f"{_DO}/portal-access/", door(access.GiveAccessForm), name="give-access"),
    path(f"{_DO}/view-as/", door(access.ViewAsForm), name="view-as"),
    # What has no page of its own has the one made of its noun.
    *(path(f"{one.path}/{one.route}/", record(one), name=one.url_name) for one in nouns() if not one.page),
    # Verbs that need no form of their own, from each app's doors.py.
    *(one.pattern for one in all_doors()),
    path("customers/<str:number>/statement/", documents.statement, name="statement"),
    path("customers/<str:number>/peek/", customer_views.peek, name="peek"),
    path("customers/<str:number>/panels/<slug:key>/", customer_views.panel, name="panel"),
    path("customers/<str:number>/", customer_views.tab, name="customer"),
    path("customers/<str:number>/<slug:key>/", customer_views.tab, name="customer-tab"),
    path("attachments/<int:pk>/", customer_views.attachment, name="attachment"),
    path("attachments/<int:pk>/thumbnail/", customer_views.thumbnail, name="thumbnail"),
    path("fields/", listed(pages.CUSTOM_FIELDS), name=pages.CUSTOM_FIELDS.name),
    path("fields/new/", door(details.CustomFieldForm), name="new-custom-field"),
    path("fields/<int:pk>/", door(details.CustomFieldForm), name="custom-field"),
    path("invoices/<int:pk>/", documents.invoice, name="invoice"),
    path("invoices/<int:pk>/pdf/", documents.invoice_file, name="invoice-file"),
    path("invoices/<int:pk>/picture/", documents.invoice_picture, name="invoice-picture"),
    path("invoices/<int:pk>/edit/", door(billing.EditDraftForm), name="edit-draft"),
    path("invoices/<int:pk>/credit/", door(billing.CreditInvoiceForm), name="credit-invoice"),
    path("invoices/<int:pk>/dispute/", door(calls.DisputeLinesForm), name="dispute-lines"),
    path("invoices/<int:pk>/send/", door(billing.SendInvoiceForm), name="send-invoice"),
    path("credit-notes/<int:pk>/pdf/", documents.credit_note_file, name="credit-note-file"),
    path("payments/<int:pk>/", documents.receipt, name="receipt"),
    path("payments/<int:pk>/pdf/", documents.receipt_file, name="receipt-file"),
    path("items/<int:pk>/", documents.item, name="item"),
    path("settings/", settings.index, name="settings"),
    path("settings/company/", door(operator.CompanyForm), name="company"),
    path("settings/texts/", door(operator.TextsForm), name="document-texts"),
    path("settings/time/", door(operator.TimeForm), name="company-time"),
    path("settings/formats/", door(operator.FormatsForm), name="document-formats"),
    path("settings/logo/", door(operator.LogoForm), name="logo"),
    path("settings/bank-accounts/", settings.bank, name="bank-accounts"),
    path("settings/numbers/", settings.numbers, name="document-numbers"),
    path("settings/brands/", settings.belonging, name="belonging"),
    path("settings/brands/<int:pk>/logo/", door(operator.BrandLogoForm), name="brand-logo"),
    path("settings/tax/", settings.tax, name="tax"),
    path("settings/tax/preset/", settings.use_preset, name="use-tax-rates"),
    path("settings/tax/charge/", settings.charge_tax, name="charge-tax"),
    path("settings/tax/charge-none/", settings.charge_none, name="charge-no-tax"),
    path("settings/tax/add/", door(taxes.AddTaxForm), name="add-tax"),
    path("settings/tax/<int:pk>/change/", door(taxes.ChangeRateForm), name="change-tax-rate"),
    path("settings/ledger-accounts/", settings.ledger, name="ledger-accounts"),
    path("settings/profile-classes/", credit_views.classes, name="profile-classes"),
    path("settings/letters/", credit_views.letters, name="letters"),
    path("settings/letter-sets/add/", door(credit.LetterSetForm), name="add-letter-set"),
    path("settings/letter-sets/<int:pk>/edit/", door(credit.ChangeLetterSetForm), name="edit-letter-set"),
    path("settings/e-mail/", mail.page, name="e-mail"),
    path("settings/e-mail/server/", door(messaging.MailServerForm), name="mail-server"),
    path("settings/messages/", mail.wordings, name="wordings"),
    path("settings/messages/<slug:about>/", door(messaging.WordingForm), name="wording"),
    path("settings/messages/<slug:about>/reset/", mail.reset, name="reset-wording"),
    path("settings/e-mail/test/", door(messaging.TryMailServerForm), name="try-mail-server"),
    path("messages/<int:pk>/", documents.message, name="message"),
    path("messages/files/<int:pk>/", documents.message_file, name="message-file"),
    path("jobs/", listed(pages.JOBS_PAGE), name=pages.JOBS_PAGE.name),
    path("jobs/<int:pk>/", work.job, name="job"),
    path("jobs/<int:pk>/file/", work.job_file, name="job-file"),
    path("jobs/<int:pk>/pause/", work.pause, name="pause-job"),
    path("jobs/<int:pk>/resume/", work.resume, name="resume-job"),
    path("jobs/<int:pk>/cancel/", work.cancel, name="cancel-job"),
    path("jobs/<int:pk>/retry/", work.retry, name="retry-job"),
    path("notices/", work.notices, name="notices"),
    path("views/save/", door(desk.SaveViewForm), name="save-view"),
    path("views/<int:pk>/forget/", work.forget, name="forget-view"),
    path("approvals/", listed(pages.APPROVALS), name=pages.APPROVALS.name),
    path("approvals/<int:pk>/", approvals.detail, name="approval"),
    path("staff/", listed(pages.PEOPLE), name=pages.PEOPLE.name),
    path("staff/add/", door(staff.AddUserForm), name="add-person"),
    path("staff/roles/", listed(pages.ROLES), name=pages.ROLES.name),
    path("staff/roles/add/", door(staff.AddRoleForm), name="add-role"),
    path("staff/roles/<slug:key>/", door(staff.ChangeRoleForm), name="change-role"),
    path("staff/who-may-do-what/", listed(pages.MATRIX), name=pages.MATRIX.name),
    path("staff/tokens/", listed(pages.TOKENS), name=pages.TOKENS.name),
    path("staff/tokens/add/", door(staff.AddTokenForm), name="add-token"),
    path("staff/<int:pk>/", staff_views.person, name="person"),
    path("staff/<int:pk>/edit/", door(staff.ChangeUserForm), name="change-person"),
    path("staff/<int:pk>/deactivate/", staff_views.deactivate, name="deactivate-person"),
    path("staff/<int:pk>/reactivate/", staff_views.reactivate, name="reactivate-person"),
    path("staff/<int:pk>/second-factor/", staff_views.reset_factor, name="reset-factor"),
    path("staff/<int:pk>/sign-out/", staff_views.sign_out_user, name="sign-out-person"),
    path("import/", imports.imports, name="imports"),
    path("reports/age-analysis/", reports.age_analysis, name="age-analysis"),
    path("reports/open-items/", reports.aged_items, name="aged-items"),
    path("settings/lookups/", listed(pages.LOOKUPS), name=pages.LOOKUPS.name),
    path("settings/ageing-buckets/", listed(pages.BUCKETS), name=pages.BUCKETS.name),
    path("settings/ageing-buckets/add/", door(receivables.BucketSetForm), name="add-buckets"),
    path("settings/ageing-buckets/<int:pk>/change/", door(receivables.ChangeBucketSetForm), name="change-buckets"),
    path("import/parked/", imports.parked, name="parked-rows"),
    path("import/upload/", imports.upload, name="upload-import"),
    path("import/<int:pk>/", imports.match, name="match-import"),
    path("reports/", reports.index, name="reports"),
    path("reports/mails/<int:pk>/stop/", reports.stop_mail, name="stop-report-mail"),
    path("reports/<slug:name>/", reports.report, name="report"),
    path("reports/<slug:name>/e-mail/", door(desk.MailReportForm), name="mail-report"),
]
