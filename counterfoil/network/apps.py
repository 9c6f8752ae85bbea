from django.apps import AppConfig


class NetworkConfig(AppConfig):
    name = "counterfoil.network"
    label = "network"
    # What people do here, in the words of a role.
    verbose_name = "Network"
    default_auto_field = "django.db.models.BigAutoField"
