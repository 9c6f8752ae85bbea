from django.apps import AppConfig


class CreditConfig(AppConfig):
    name = "counterfoil.credit"
    label = "credit"
    # What people do here, in the words of a role.
    verbose_name = "Credit profiles"
    default_auto_field = "django.db.models.BigAutoField"
