from django.apps import AppConfig


class BankConfig(AppConfig):
    name = "counterfoil.bank"
    label = "bank"
    # What people do here, in the words of a role.
    verbose_name = "Bank"
    default_auto_field = "django.db.models.BigAutoField"
