from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "counterfoil.payments"
    label = "payments"
    # What people do here, in the words of a role.
    verbose_name = "Money in and out"
    default_auto_field = "django.db.models.BigAutoField"
