"""The house keeps its shape: the same file names in every service, files and functions one can read in one go.

A new name needs a decision record in shared/decisions; then it is added here.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("sites", "monitoring", "regulatory", "reporting")
NAMES = {
    "__init__.py",
    "__main__.py",
    "py.typed",
    "app.py",
    "settings.py",
    "api.py",
    "api",
    "consumers.py",
    "policies.py",
    "policies",
    "handlers.py",
    "handlers",
    "publishing.py",
    "publishing",
    "queries.py",
    "queries",
    "store.py",
    "store",
    "generations",
    "projections.py",
    "projections",
    "domain",
    "portal",
}
NEEDED = {"__init__.py", "__main__.py", "app.py", "settings.py", "consumers.py", "py.typed"}
FILE_LINES_MAX = 300
DISPATCH_LINES_MAX = 350
"""A domain file holds its aggregate whole, from commands to evolve."""
FUNCTION_LINES_MAX = 40
FUNCTION_LINES_MEDIAN = 10
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "deploy",
    "docker-compose.yml",
    "pyproject.toml",
    "services",
    "shared",
    "tests",
    "uv.lock",
    "conftest.py",
    ".dockerignore",
}
IGNORED = {".git", ".venv", ".uv", ".studyline", ".pytest_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache"}


def sources() -> Iterator[Path]:
    for part in ("services", "shared", "deploy"):
        for path in sorted((ROOT / part).rglob("*.py")):
            if "node_modules" not in path.parts and "tests" not in path.parts:
                yield path


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = sum(
                (child.end_lineno or 0) - child.lineno + 1
                for child in ast.walk(node)
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and child is not node
            )
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - inner


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_file_names(service: str) -> None:
    package = ROOT / "services" / service / "src" / service
    found = {path.name for path in package.iterdir() if path.name != "__pycache__"}
    assert found <= NAMES, f"new names need a decision record: {sorted(found - NAMES)}"
    assert found >= NEEDED, f"missing: {sorted(NEEDED - found)}"
    assert {"README.md", "pyproject.toml", "src", "tests"} <= {path.name for path in package.parents[1].iterdir()}


def test_nothing_else_of_weight_stands_at_the_top() -> None:
    found = {path.name for path in ROOT.iterdir()} - IGNORED
    assert found <= TOP_LEVEL, f"no place at the top for {sorted(found - TOP_LEVEL)}"


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path.relative_to(ROOT)) for path in sources() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_a_file_can_be_read_in_one_go() -> None:
    limits = {True: DISPATCH_LINES_MAX, False: FILE_LINES_MAX}
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if (lines := len(path.read_text().splitlines())) > limits[path.parent.name == "domain"]
    }
    assert long == {}


def test_a_function_can_be_read_at_a_glance() -> None:
    lengths = {f"{path.relative_to(ROOT)}:{name}": lines for path in sources() for name, lines in functions(path)}
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES_MAX} == {}
    assert sorted(lengths.values())[len(lengths) // 2] <= FUNCTION_LINES_MEDIAN


def test_only_main_and_settings_read_the_environment() -> None:
    guilty = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.is_relative_to(ROOT / "services") and "os.environ" in path.read_text()
    ]
    assert guilty == []
