"""An engine's page over real HTTP: deltas from a well-behaved server, sentences from every other."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from collectors.engines.engine import EngineSource
from collectors.errors import CollectorError
from collectors.holders import Held
from collectors.web.fetch import address, open_client
from store.facts import EngineReading

LABELS = ["model_name", "engine"]
NOW_MS = 1_700_000_000_000


class Vllm:
    """The metrics of a small vLLM under its documented names, served by prometheus_client as vLLM does."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.started = Gauge("process_start_time_seconds", "Start", registry=self.registry)
        self.started.set(NOW_MS / 1000 - 86_400)
        by_source = Counter(
            "vllm:prompt_tokens_by_source", "Prompt tokens.", [*LABELS, "source"], registry=self.registry
        )
        self.computed = by_source.labels("llama", "0", "local_compute")
        self.cached = by_source.labels("llama", "0", "local_cache_hit")
        self.output = Counter("vllm:generation_tokens", "Generated.", LABELS, registry=self.registry).labels(
            "llama", "0"
        )
        self.running = Gauge("vllm:num_requests_running", "Running.", LABELS, registry=self.registry).labels(
            "llama", "0"
        )


class Ticks:
    """A monotonic clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 5_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def vllm() -> Vllm:
    return Vllm()


@pytest.fixture
def url(vllm: Vllm) -> Iterator[str]:
    server, thread = start_http_server(0, addr="127.0.0.1", registry=vllm.registry)
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_the_first_scrape_sets_the_baseline_and_the_second_tells_what_was_done(
    vllm: Vllm, url: str, client: httpx.AsyncClient
) -> None:
    vllm.computed.inc(1_000_000)
    ticks = Ticks()
    source = EngineSource("vllm-a", url, client, host="h100-1", monotonic=ticks)
    first = await source.scrape(NOW_MS)
    vllm.computed.inc(700)
    vllm.cached.inc(250)
    vllm.output.inc(90)
    vllm.running.set(3)
    ticks.now += 2.5
    second = await source.scrape(NOW_MS + 2_000)

    assert first == EngineReading(at_ms=NOW_MS, engine="vllm-a", host="h100-1", model="llama", kind="vllm", running=0)
    assert second == EngineReading(
        at_ms=NOW_MS + 2_000,
        engine="vllm-a",
        host="h100-1",
        model="llama",
        kind="vllm",
        seconds=2.5,
        input_tokens=700,
        cache_read_tokens=250,
        output_tokens=90,
        running=3,
    )


async def test_an_idle_engine_did_zero_and_not_unknown(url: str, client: httpx.AsyncClient) -> None:
    source = EngineSource("vllm-a", url, client)
    await source.scrape(NOW_MS)
    reading = await source.scrape(NOW_MS + 2_000)

    assert (reading.input_tokens, reading.output_tokens) == (0, 0)
    assert reading.requests_finished is None, "this page does not expose it"


async def test_a_poll_carries_the_reading(url: str, client: httpx.AsyncClient) -> None:
    poll = await EngineSource("vllm-a", url, client).poll(NOW_MS)
    assert [reading.engine for reading in poll.engines] == ["vllm-a"]
    assert not poll.rejects


Answer = Callable[[BaseHTTPRequestHandler], None]


class Served:
    """A server on loopback that answers as the test says."""

    def __init__(self) -> None:
        self.answer: Answer = _text("")
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.headers = dict(self.headers)
                served.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class'
                """Nothing on stderr."""

        self.headers: dict[str, str] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/metrics"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def _text(text: str, code: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(text.encode())))
        handler.end_headers()
        handler.wfile.write(text.encode())

    return answer


def _hangs_up_early(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"vllm:generation_tokens_total 5\n")
    handler.close_connection = True


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.close()


def _page(prompt: int, hits: int, output: int, *, started_s: float = 0.0) -> Answer:
    """What an older vLLM exposes."""
    return _text(
        f"process_start_time_seconds {started_s}\n"
        f'vllm:prompt_tokens_total{{model_name="llama"}} {prompt}.0\n'
        f'vllm:prefix_cache_hits_total{{model_name="llama"}} {hits}.0\n'
        f'vllm:generation_tokens_total{{model_name="llama"}} {output}.0\n'
    )


def _tokens(reading: EngineReading) -> tuple[int | None, int | None, int | None]:
    return reading.input_tokens, reading.cache_read_tokens, reading.output_tokens


async def test_cached_tokens_that_are_counted_before_their_prompt_are_set_off_later(
    served: Served, client: httpx.AsyncClient
) -> None:
    source = EngineSource("a", served.url, client)
    seen = []
    for at, answer in enumerate([_page(0, 0, 0), _page(0, 80, 0), _page(100, 80, 5)]):
        served.answer = answer
        seen.append(_tokens(await source.scrape(NOW_MS + at)))

    assert seen == [(None, None, None), (0, 80, 0), (20, 0, 5)]


async def test_what_an_engine_still_owed_when_it_died_is_not_taken_from_its_successor(
    served: Served, client: httpx.AsyncClient
) -> None:
    source = EngineSource("a", served.url, client)
    for answer in (_page(0, 0, 0), _page(0, 80, 0)):
        served.answer = answer
        await source.scrape(NOW_MS)
    served.answer = _page(100, 0, 5, started_s=NOW_MS / 1000 + 10)

    assert _tokens(await source.scrape(NOW_MS + 60_000)) == (100, 0, 5)


async def test_a_restart_counts_from_zero(served: Served, client: httpx.AsyncClient) -> None:
    source = EngineSource("a", served.url, client)
    served.answer = _page(1_000, 0, 400)
    await source.scrape(NOW_MS)
    served.answer = _page(30, 0, 10)

    assert _tokens(await source.scrape(NOW_MS + 2_000)) == (30, 0, 10)


async def test_a_restart_that_outran_the_old_count_is_seen_by_its_start(
    served: Served, client: httpx.AsyncClient
) -> None:
    source = EngineSource("a", served.url, client)
    served.answer = _page(1_000, 0, 400, started_s=NOW_MS / 1000 - 3_600)
    await source.scrape(NOW_MS)
    served.answer = _page(5_000, 0, 500, started_s=NOW_MS / 1000 + 10)

    assert _tokens(await source.scrape(NOW_MS + 60_000)) == (5_000, 0, 500)


async def test_an_engine_that_started_while_we_knocked_is_counted_from_its_first_token(
    served: Served, client: httpx.AsyncClient
) -> None:
    ticks = Ticks()
    source = EngineSource("a", served.url, client, monotonic=ticks)
    served.answer = _text("", 503)
    with pytest.raises(CollectorError, match="not ready"):
        await source.scrape(NOW_MS)
    served.answer = _page(50, 10, 7, started_s=NOW_MS / 1000 + 1)
    ticks.now += 30

    reading = await source.scrape(NOW_MS + 30_000)
    assert _tokens(reading) == (40, 10, 7)
    assert reading.seconds == 29, "it began one second after we did"


async def test_after_a_failed_scrape_the_next_covers_the_whole_time(served: Served, client: httpx.AsyncClient) -> None:
    ticks = Ticks()
    source = EngineSource("a", served.url, client, monotonic=ticks)
    served.answer = _page(100, 0, 10)
    await source.scrape(NOW_MS)
    served.answer = _text("", 500)
    ticks.now += 2
    with pytest.raises(CollectorError, match="HTTP 500"):
        await source.scrape(NOW_MS + 2_000)
    served.answer = _page(160, 0, 30)
    ticks.now += 2

    reading = await source.scrape(NOW_MS + 4_000)
    assert _tokens(reading) == (60, 0, 20)
    assert reading.seconds == 4


async def test_a_malformed_line_is_a_reject_once_and_the_rest_is_read(
    served: Served, client: httpx.AsyncClient
) -> None:
    source = EngineSource("a", served.url, client)
    served.answer = _text("vllm:prompt_tokens_total{\x1b 5\nvllm:num_requests_running 4\n")
    first, again = await source.poll(NOW_MS), await source.poll(NOW_MS + 1)

    assert [(reject.count, reject.example) for reject in first.rejects] == [(1, "vllm:prompt_tokens_total{\\x1b 5")]
    assert not again.rejects
    assert first.engines[0].running == 4


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (_text("", 401), "wants a key"),
        (_text("", 403), "refuses this key"),
        (_text("", 404), "no such page.*switched on"),
        (_text("", 500), "HTTP 500"),
        (_text("", 302, Location="http://169.254.169.254/"), "redirects elsewhere.*not followed"),
        (_text("<html>vllm: hello</html>"), "no metrics page"),
        (_text('{"detail": "vllm:"}'), "no metrics page"),
        (_text(""), "no metrics page"),
        (_text("python_gc_objects_total 5\n"), "of no engine known here.*vllm.*switched off"),
        (_text("x" * 5_000), "more than"),
        (_text("vllm:x 1\n", Content_Encoding="gzip"), "compressed"),
        (_hangs_up_early, "hung up"),
    ],
)
async def test_an_answer_that_is_no_engines_page_gives_a_sentence(
    served: Served, client: httpx.AsyncClient, answer: Answer, sentence: str
) -> None:
    served.answer = answer
    source = EngineSource("a", served.url, client, limit_bytes=4_096)

    with pytest.raises(CollectorError, match=sentence) as caught:
        await source.scrape(NOW_MS)
    assert str(caught.value).startswith(served.url)


async def test_an_engine_that_is_not_there_gives_a_sentence(client: httpx.AsyncClient) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # taken, and not listening
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/metrics"
        with pytest.raises(CollectorError, match="refuses connections: is the engine running"):
            await EngineSource("a", url, client).scrape(NOW_MS)


async def test_an_engine_that_does_not_answer_gives_a_sentence(served: Served, client: httpx.AsyncClient) -> None:
    gate = threading.Event()

    def say_nothing(handler: BaseHTTPRequestHandler) -> None:
        gate.wait(60)

    served.answer = say_nothing
    try:
        with pytest.raises(CollectorError, match=r"has not answered within 0\.01 s"):
            await EngineSource("a", served.url, client, timeout_seconds=0.01).scrape(NOW_MS)
    finally:
        gate.set()


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/metrics", "metrics", "http://[::1/metrics", "http://127.0.0.1:x/"])
async def test_an_address_that_is_none_gives_a_sentence(client: httpx.AsyncClient, url: str) -> None:
    with pytest.raises(CollectorError, match="is not an http or https address"):
        await EngineSource("a", url, client).scrape(NOW_MS)


async def test_a_key_is_sent_and_never_said(served: Served, client: httpx.AsyncClient) -> None:
    served.answer = _text("", 401)
    secret = "sk-very-secret"
    url = served.url.replace("http://", f"http://user:{secret}@") + f"?key={secret}"
    source = EngineSource("a", url, client, headers={"X-Api-Key": secret})

    with pytest.raises(CollectorError) as caught:
        await source.scrape(NOW_MS)
    assert served.headers["X-Api-Key"] == secret
    assert secret not in str(caught.value)
    assert secret not in repr(source)


async def test_loopback_is_never_asked_by_a_proxy(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    served.answer = _page(1, 0, 1)
    async with open_client() as client:
        assert (await EngineSource("a", served.url, client).scrape(NOW_MS)).kind == "vllm"


async def test_two_engines_share_a_client_at_once(served: Served, client: httpx.AsyncClient) -> None:
    served.answer = _page(1, 0, 1)
    sources = [EngineSource(name, served.url, client) for name in "ab"]
    readings = await asyncio.gather(*(source.scrape(NOW_MS) for source in sources))
    assert [reading.engine for reading in readings] == ["a", "b"]


def test_an_address_is_shown_without_what_could_be_secret() -> None:
    assert address("https://me:pw@gpu.test:8000/v1/metrics?key=1#x") == "https://gpu.test:8000/v1/metrics"


@pytest.mark.parametrize(
    ("held", "configured", "gpus", "known_from"),
    [
        (Held(7, (0, 1), ("GPU-0", "GPU-1")), (3,), (0, 1), "processes"),
        (Held(7), (3,), (3,), "configuration"),
        (Held(), (), (), None),
    ],
)
def test_the_gpus_of_an_engine_are_told_by_its_processes_or_by_configuration_where_they_cannot(
    held: Held, configured: tuple[int, ...], gpus: tuple[int, ...], known_from: str | None
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b"vllm:num_requests_running 1\n"))

    async def scrape() -> EngineReading:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            return await EngineSource("a", "http://x/", client, gpus=configured, holds=lambda: held).scrape(NOW_MS)

    reading = asyncio.run(scrape())
    assert (reading.gpus, reading.gpu_uuids, reading.gpus_from) == (gpus, held.uuids, known_from)
    assert reading.pid == held.pid


async def test_a_series_whose_line_could_not_be_read_at_first_is_not_taken_for_a_new_one(
    served: Served, client: httpx.AsyncClient
) -> None:
    source = EngineSource("a", served.url, client)
    seen = []
    for line in (
        "vllm:generation_tokens_total 1_000",
        "vllm:generation_tokens_total 2000",
        "vllm:generation_tokens_total 2005",
    ):
        served.answer = _text(f"vllm:num_requests_running 1\n{line}\n")
        seen.append((await source.scrape(NOW_MS)).output_tokens)
    assert seen == [None, None, 5]


async def _fails(source: EngineSource, served: Served, at_ms: int) -> None:
    served.answer = _text("", 503)
    with pytest.raises(CollectorError):
        await source.scrape(at_ms)


@pytest.mark.parametrize("says_its_start", [True, False])
async def test_a_young_engine_is_read_at_its_true_rate_however_long_it_was_waited_for(
    served: Served, client: httpx.AsyncClient, says_its_start: bool
) -> None:
    """Ten minutes of knocking, then an engine that loads for a minute and makes 100 tokens a second from then on."""
    ticks, at_ms = Ticks(), NOW_MS
    source = EngineSource("a", served.url, client, monotonic=ticks)
    for _ in range(330):
        await _fails(source, served, at_ms)
        ticks.now, at_ms = ticks.now + 2, at_ms + 2_000
    started_s = at_ms / 1_000 - 60 if says_its_start else 0.0
    readings = []
    for age in range(2, 62, 2):
        served.answer = _page(0, 0, 100 * age, started_s=started_s)
        ticks.now, at_ms = ticks.now + 2, at_ms + 2_000
        readings.append(await source.scrape(at_ms))

    tokens = sum(reading.output_tokens or 0 for reading in readings)
    seconds = sum(reading.seconds or 0.0 for reading in readings)
    assert tokens / seconds == pytest.approx(100, rel=0.1)


@pytest.mark.parametrize("says_its_start", [True, False])
async def test_after_a_restart_the_rate_is_right_at_once(
    served: Served, client: httpx.AsyncClient, says_its_start: bool
) -> None:
    """100 tokens a second; killed, nobody answers for 20 seconds, and then again 100 a second."""
    ticks, at_ms = Ticks(), NOW_MS
    source = EngineSource("a", served.url, client, monotonic=ticks)
    served.answer = _page(0, 0, 50_000, started_s=NOW_MS / 1_000 - 500 if says_its_start else 0.0)
    await source.scrape(at_ms)
    for _ in range(10):
        ticks.now, at_ms = ticks.now + 2, at_ms + 2_000
        await _fails(source, served, at_ms)
    ticks.now, at_ms = ticks.now + 2, at_ms + 2_000
    served.answer = _page(0, 0, 200, started_s=at_ms / 1_000 - 2 if says_its_start else 0.0)
    reading = await source.scrape(at_ms)

    assert (reading.output_tokens, reading.seconds) == (200, 2.0)


async def test_a_failed_poll_of_an_engine_that_lived_on_still_belongs_to_its_time(
    served: Served, client: httpx.AsyncClient
) -> None:
    ticks = Ticks()
    source = EngineSource("a", served.url, client, monotonic=ticks)
    served.answer = _page(0, 0, 100)
    await source.scrape(NOW_MS)
    ticks.now += 2
    await _fails(source, served, NOW_MS + 2_000)
    ticks.now += 2
    served.answer = _page(0, 0, 500)
    reading = await source.scrape(NOW_MS + 4_000)

    assert (reading.output_tokens, reading.seconds) == (400, 4.0)


def test_an_instance_is_configured_by_its_uuid_and_processes_that_tell_go_before_it() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b"vllm:num_requests_running 1\n"))

    async def scrape(held: Held) -> EngineReading:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            return await EngineSource("a", "http://x/", client, uuids=("MIG-a",), holds=lambda: held).scrape(NOW_MS)

    said, seen = asyncio.run(scrape(Held())), asyncio.run(scrape(Held(7, (1,), ("GPU-1",))))
    assert (said.gpus, said.gpu_uuids, said.gpus_from) == ((), ("MIG-a",), "configuration")
    assert (seen.gpus, seen.gpu_uuids, seen.gpus_from) == ((1,), ("GPU-1",), "processes")
