"""Types of command-line arguments: what they accept, and what they say otherwise."""

import argparse
import re
from decimal import Decimal

from pricing.hosts.economics import Served
from tui.commands.common import plain

NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?|\.[0-9]{1,12}")


def number(text: str) -> Decimal:
    """A plain number, not negative; bounded, so that nobody's typing error fills the memory."""
    if not NUMBER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{plain(text)} is no plain number such as 0.10")
    return Decimal(text)


def share_of_one(text: str) -> Decimal:
    """A share of 0 to 1."""
    share = number(text)
    if share > 1:
        raise argparse.ArgumentTypeError("a utilisation is a share of 0 to 1; write 0.5 for 50 %")
    return share


def count(text: str) -> int:
    """A whole number above zero."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"{plain(text)} is no whole number above zero")
    return int(text)


def mix(text: str) -> Served:
    """The tokens of one request, IN:OUT or IN:CACHED:OUT."""
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise argparse.ArgumentTypeError("write IN:OUT or IN:CACHED:OUT in tokens of one request, such as 1500:300")
    counts = [int(part) for part in parts]
    served = Served(
        input_tokens=counts[0], cache_read_tokens=counts[1] if len(parts) == 3 else 0, output_tokens=counts[-1]
    )
    if not served.total_tokens:
        raise argparse.ArgumentTypeError("a request has at least one token")
    return served
