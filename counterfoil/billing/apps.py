from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "counterfoil.billing"
    label = "billing"
    # What people do here, in the words of a role.
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"
