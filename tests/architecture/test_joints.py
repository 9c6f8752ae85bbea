"""An upper floor reaches a lower one through what is declared, and through nothing else (decision 0032)."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from counterfoil.platform.joints import Joint, joint
from counterfoil.site import wiring

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "counterfoil"
CHANGES = {
    "add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault",
    "sort", "update",
}  # fmt: skip


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if not {"migrations", "tests", "testing"} & set(path.parts):
            yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text())


def floors() -> dict[str, int]:
    """How high each app stands, as the contract of the floors says."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"] == "Floors")
    return {app: height for height, layer in enumerate(reversed(layers)) for app in re.findall(r"\w+", layer)}


def app_of(path: str) -> str:
    return path.partition("/")[0]


def run_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported or the app is ready: not the bodies of other functions."""
    for node in ast.iter_child_nodes(tree):
        body = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if body and getattr(node, "name", "") != "ready":
            continue
        yield node
        yield from run_at_import(node)


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def changes_elsewhere(tree: ast.Module) -> list[str]:
    """What of another module of ours is changed at import, as code."""
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if (getattr(node, "module", None) or alias.name).startswith("counterfoil")
    }
    found = []
    for node in run_at_import(tree):
        changed: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            changed = [node.func.value]
        elif isinstance(node, ast.Assign | ast.Delete):
            changed = [to for to in node.targets if isinstance(to, ast.Attribute | ast.Subscript)]
        elif isinstance(node, ast.AugAssign):
            changed = [node.target]
        found += [ast.unparse(node) for to in changed if _root(to) in imported]
    return found


@pytest.mark.parametrize(
    "code",
    [
        "LIST.append(1)",
        "module.LIST.extend([1])",
        "LIST[0] = 1",
        "module.LIST = [1]",
        "LIST += [1]",
        "del module.LIST[0]",
        "if True:\n    LIST.update(a=1)",
        "class A:\n    def ready(self):\n        from counterfoil.below import OTHER\n        OTHER.append(self)",
    ],
)
def test_a_change_of_another_module_is_noticed(code: str) -> None:
    head = "from counterfoil import module\nfrom counterfoil.below import LIST\n"
    assert len(changes_elsewhere(ast.parse(head + code))) == 1
    assert not changes_elsewhere(ast.parse(f"module, LIST = object(), []\n{code.replace('counterfoil', 'other')}"))
    assert not changes_elsewhere(ast.parse(f"{head}def later():\n    LIST.append(1)"))


def test_nothing_changes_another_module_at_import() -> None:
    assert {path: found for path, tree in sources() if (found := changes_elsewhere(tree))} == {}


def test_nothing_above_is_fetched_by_name() -> None:
    """Neither `get_model("billing.Invoice")` from below, nor the same with the name in a variable."""
    height, labels = floors(), {}
    for model in apps.get_models(include_auto_created=True):
        labels |= dict.fromkeys((model._meta.label, model._meta.label_lower), model._meta.app_label)
    found = [
        f"{path}: {node.value}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in labels
        if labels[node.value] != app_of(path) and height.get(labels[node.value], -1) >= height.get(app_of(path), 99)
    ]
    assert found == []


def test_only_connectors_are_imported_by_a_name_in_a_setting() -> None:
    by_name = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
        if ast.unparse(node).rpartition(".")[2] in ("import_string", "import_module")
    }
    # And the nouns of each app, whose file has one name.
    assert by_name == {"platform/connectors.py", "platform/showing.py"}


def test_sql_speaks_of_tables_of_its_own_app() -> None:
    """What it needs of another app's is a query of that app (`bulk.as_sql`). Only measurements read at will."""
    tables = {model._meta.db_table: model._meta.app_label for model in apps.get_models(include_auto_created=True)}
    found = {
        f"{path}: {word}"
        for path, tree in sources()
        if app_of(path) != "site"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in re.findall(r"[a-z_]+", node.value)
        if tables.get(word, app_of(path)) != app_of(path)
    }
    assert found == set()


def questions() -> list[str]:
    """The name of every question that is declared anywhere."""
    return [
        f"counterfoil.{path.removesuffix('.py').replace('/', '.')}.{node.name}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and "joint" in map(ast.unparse, node.decorator_list)
    ]


def wired() -> list[Joint]:
    """The questions that the wiring plugs answers into."""
    return [value for value in vars(wiring).values() if isinstance(value, Joint)]


def test_every_joint_is_plugged_in_the_wiring_and_nowhere_else() -> None:
    plugged = [
        (path, ast.unparse(node.func.value))
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "plug"
    ]
    assert {path for path, _ in plugged} == {"site/wiring.py"}
    assert sorted(getattr(wiring, name).name for _, name in plugged) == sorted(questions())
    assert all(question.answers for question in wired())


def test_who_answers_stands_above_who_asks() -> None:
    """Where it does not, an import would do. Within an app a model may ask what is written above it."""
    height = floors()
    for question in wired():
        for answer in question.answers:
            asks, answers = (module.split(".")[1] for module in (question.name, answer.__module__))
            above = asks == answers or height[asks] < height[answers]
            assert above, f"{question.name} is answered by {answer.__module__}."


def test_a_question_without_an_answer_is_loud() -> None:
    @joint
    def is_anybody_there(name: str, /) -> bool:
        """Many are asked."""
        raise NotImplementedError

    with pytest.raises(RuntimeError, match="is_anybody_there.*site/wiring.py"):
        is_anybody_there("Zara")
    is_anybody_there.plug(str.isupper, str.istitle)
    assert is_anybody_there("Zara") == [False, True]
    # The same again is nothing; other answers would take the place of these, or come in no order.
    is_anybody_there.plug(str.isupper, str.istitle)
    with pytest.raises(AssertionError, match="has its answers already"):
        is_anybody_there.plug(str.isupper)
    assert is_anybody_there("ZARA") == [True, False]


def test_a_question_names_its_arguments_for_nobody() -> None:
    with pytest.raises(AssertionError, match="must take name by position alone"):

        @joint
        def is_anybody_there(name: str) -> bool:
            raise NotImplementedError
