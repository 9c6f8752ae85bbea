from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "counterfoil.site"
    label = "site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from counterfoil.site import reactions  # noqa: PLC0415 - needs the loaded apps

        reactions.install()
