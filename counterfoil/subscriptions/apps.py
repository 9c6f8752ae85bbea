from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "counterfoil.subscriptions"
    label = "subscriptions"
    # What people do here, in the words of a role.
    verbose_name = "Services and subscriptions"
    default_auto_field = "django.db.models.BigAutoField"
