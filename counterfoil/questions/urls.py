from django.urls import URLPattern, path

from counterfoil.questions import views

urlpatterns: list[URLPattern] = [path("ask/", views.ask, name="ask")]
