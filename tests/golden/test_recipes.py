"""The recipes of the page on golden values: each framework's numbers of the same network are right."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parent.parent.parent / "docs" / "golden.md").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore")  # whatever a framework warns of itself
@pytest.mark.parametrize("framework", ["torch", "jax", "sklearn"])
def test_a_recipe_of_the_page_gives_the_right_numbers(framework, capsys):
    pytest.importorskip(framework)
    source = re.search(rf"```python\n# with_{framework}.py\n(.*?)```", PAGE, re.DOTALL)[1]
    exec(compile(source, framework, "exec"), {})
    assert capsys.readouterr().out.splitlines() == ["right"]
