from django.apps import AppConfig


class SalesConfig(AppConfig):
    name = "counterfoil.sales"
    label = "sales"
    # What people do here, in the words of a role.
    verbose_name = "Agreements"
    default_auto_field = "django.db.models.BigAutoField"
