"""Tests of the store open it in passing."""

import pytest


@pytest.fixture(autouse=True)
def _closed_stores(closed_stores: None) -> None:
    """For all of them."""
