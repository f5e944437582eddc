"""The price books in their order, as the configuration and the kept catalogue have them."""

from collectors.prices.cardcache import CachedBook, cache_path
from collectors.prices.catalogue_file import KeptCatalogue
from collectors.settings.config import Config, user_book
from pricing.books.book import Book, PriceBook


def price_book(config: Config, catalogue: KeptCatalogue | None = None) -> PriceBook:
    """The user's prices, then the catalogue in force (or this one), then the articles' sheet where it is switched on."""
    return _layered(config, catalogue or KeptCatalogue())


def quick_price_book(config: Config) -> PriceBook:
    """The same for one question: the catalogue's answers of before are remembered in a file."""
    return _layered(config, CachedBook(KeptCatalogue(), cache_path()))


def _layered(config: Config, catalogue: Book) -> PriceBook:
    others: list[Book] = [catalogue]
    if config.prices.articles:
        from pricing.books.article import ArticleSheet

        others.append(ArticleSheet())
    return PriceBook(user_book(config).over(others))
