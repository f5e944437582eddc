"""The price books in their order, as the configuration and the kept catalogue have them."""

from collectors.prices.catalogue_file import KeptCatalogue
from collectors.settings.config import Config, user_book
from pricing.books.book import Book, PriceBook


def price_book(config: Config, catalogue: KeptCatalogue | None = None) -> PriceBook:
    """The user's prices, then the catalogue in force (or this one), then the articles' sheet where it is switched on."""
    others: list[Book] = [catalogue or KeptCatalogue()]
    if config.prices.articles:
        from pricing.books.article import ArticleSheet

        others.append(ArticleSheet())
    return PriceBook(user_book(config).over(others))
