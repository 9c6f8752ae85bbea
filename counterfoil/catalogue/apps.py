from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "counterfoil.catalogue"
    label = "catalogue"
    # What people do here, in the words of a role.
    verbose_name = "Products and prices"
    default_auto_field = "django.db.models.BigAutoField"
