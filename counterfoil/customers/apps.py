from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "counterfoil.customers"
    label = "customers"
    # What people do here, in the words of a role.
    verbose_name = "Customers"
    default_auto_field = "django.db.models.BigAutoField"
