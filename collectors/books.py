"""The price books in their order, as the configuration and the kept catalogue have them."""

from collectors.cardcache import CachedBook, cache_path
from collectors.catalogue_file import KeptCatalogue
from collectors.config import Config
from pricing.book import PriceBook
from pricing.userbook import UserBook


def price_book(config: Config) -> PriceBook:
    """The user's prices, then the catalogue in force."""
    return PriceBook([UserBook.from_entries(config.price), KeptCatalogue()])


def quick_price_book(config: Config) -> PriceBook:
    """The same for one question: the catalogue's answers of before are remembered in a file."""
    return PriceBook([UserBook.from_entries(config.price), CachedBook(KeptCatalogue(), cache_path())])
