"""Documents of a demonstration that was built a moment ago, by the command that serves it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from urllib.request import Request, urlopen

TOUR = "/customers/HV-000001/"


def test_documents_come_at_once_to_many_at_a_time(address: str, signed_in: dict[str, dict[str, object]]) -> None:
    cookies = signed_in["billing"]["cookies"]
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in cookies)  # type: ignore[attr-defined]

    def ask(path: str) -> bytes:
        with urlopen(Request(f"{address}{path}", headers={"Cookie": cookie}), timeout=30) as answer:
            return bytes(answer.read())

    with ThreadPoolExecutor(12) as people:
        documents = list(people.map(ask, [f"{TOUR}statement/?format=pdf"] * 12))
        pages = list(people.map(ask, [TOUR] * 4))
    assert [document[:5] for document in documents] == [b"%PDF-"] * 12
    assert all(b"Mokoena" in page for page in pages)
