"""What is asked about single requests: a list, and the bill of one."""

from tui.feed import OpenStore, Question
from tui.pictures.requests import BillPicture, RequestsPicture
from tui.pictures.view import View


class RequestsQuestion(Question[RequestsPicture], frozen=True):
    """Single requests of a view, newest or dearest first."""

    view: View
    dearest: bool = False

    def answer(self, store: OpenStore) -> RequestsPicture:
        """Those that are still kept."""
        from tui.reading.requests import requests

        return requests(
            store.reader, self.view, store.now_ms, machine=store.machine, dearest=self.dearest, demo=store.demo
        )


class BillQuestion(Question[BillPicture], frozen=True):
    """One request line by line; FeedError when it is no longer kept."""

    view: View
    request_id: int

    def answer(self, store: OpenStore) -> BillPicture:
        """From the card that it was billed at."""
        from tui.reading.requests import bill

        return bill(store.reader, self.view, self.request_id, store.now_ms, machine=store.machine, demo=store.demo)
