"""What four articles compute by hand, computed by the product."""

from decimal import Decimal

import pytest

from tests.worked_example_notes import NOTES
from tests.worked_examples import COMPUTED, PAGE, Example, examples, page

EXAMPLES = examples()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_the_product_gives_the_right_figure_whatever_the_article_printed(example: Example) -> None:
    assert example.ours() == pytest.approx(example.expected, rel=example.tolerance, abs=Decimal(0))


def test_every_kind_of_self_hosting_and_what_if_is_among_them() -> None:
    kinds = {example.kind for example in EXAMPLES}

    assert kinds >= {
        "self_host", "self_host_mtok", "tco", "caching", "cache_storage", "long_context", "break_even", "routing",
        "batch", "off_peak", "retry", "kv_cache", "allocation",
    }  # fmt: skip
    assert len(EXAMPLES) == 177
    assert len({example.id for example in EXAMPLES}) == 177


def test_every_wrong_figure_says_why_and_no_remark_or_computation_is_left_over() -> None:
    ids = {example.id for example in EXAMPLES}

    assert [example.id for example in EXAMPLES if not example.article_is_right and example.id not in NOTES] == []
    assert set(NOTES) - ids == set()
    assert set(COMPUTED) == {example.id for example in EXAMPLES if example.engine is None}


def test_the_page_of_worked_examples_is_what_the_product_computes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again with: python -m tests.worked_examples"
