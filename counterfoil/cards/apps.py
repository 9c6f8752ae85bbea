from django.apps import AppConfig


class CardsConfig(AppConfig):
    name = "counterfoil.cards"
    label = "cards"
    # What people do here, in the words of a role.
    verbose_name = "Card payments"
    default_auto_field = "django.db.models.BigAutoField"
