"""CloudWatch through AWS's own client, which finds the credentials, signs and sends; its failures become sentences here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import msgspec

from collectors.errors import CollectorError, KeyRefusedError, SourceAbsentError
from collectors.web.fetch import address
from collectors.web.patience import REFUSED_PAUSE_MS, Patience
from collectors.web.polite import NotUnderstoodError, retry_after_ms

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

OPERATIONS = {"/ListMetrics": "list_metrics", "/GetMetricData": "get_metric_data"}
"""What may be asked for by an ask's path, and the client's method for it; both only read."""

_CONNECT_SECONDS, _READ_SECONDS = 10, 30
_THROTTLED = frozenset(
    ("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestLimitExceeded", "LimitExceeded",
     "LimitExceededException", "TooManyRequestsException", "SlowDown")
)  # fmt: skip
_DENIED = frozenset(
    ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "OptInRequired")
)
_NOT_TAKEN = frozenset(
    ("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "IncompleteSignature",
     "SignatureDoesNotMatch", "InvalidSignatureException", "MissingAuthenticationToken", "InvalidAccessKeyId",
     "RequestExpired", "NotAuthorized")
)  # fmt: skip


class Client(Protocol):
    """What is used of AWS's client."""

    def list_metrics(self, **arguments: Any) -> dict[str, Any]:
        """One page of the metrics that there are."""
        ...

    def get_metric_data(self, **arguments: Any) -> dict[str, Any]:
        """One page of values."""
        ...


Opens: TypeAlias = Callable[[str, str | None], Client]
"""A client for a region, perhaps at another address."""


def open_client(region: str, url: str | None) -> Client:
    """AWS's client with the credentials of its usual chain; it does not retry, since pauses are ours."""
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise SourceAbsentError("a source of type `bedrock` needs usdtop with its extra `aws`") from None
    # Its debug lines repeat the headers of each request, with the token of a session in them.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    config = Config(
        connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1},
        user_agent_extra="usdtop",
    )  # fmt: skip
    # A session of its own: credentials that somebody put there since are found.
    client: Client = boto3.session.Session().client("cloudwatch", region_name=region, endpoint_url=url, config=config)
    return client


class CloudWatch:
    """One region's CloudWatch as a transport: an ask's path names the operation, its body the arguments.

    Calls block, so each runs in a thread. Neither the credentials nor what AWS says of them stands in any error.
    """

    def __init__(
        self,
        region: str,
        url: str | None,
        permission: str,
        jitter: Callable[[], float] = lambda: 0.0,
        opens: Opens = open_client,
    ) -> None:
        self._region, self._url, self._permission, self._opens = region, url, permission, opens
        self._patience = Patience(jitter)
        self._client: Client | None = None

    @property
    def quiet_until_ms(self) -> int:
        """When CloudWatch may be asked again."""
        return self._patience.quiet_until_ms

    def for_another(self, permission: str, /) -> CloudWatch:
        """One for another kind of figures, which has refused nothing yet."""
        another = CloudWatch(self._region, self._url, permission, opens=self._opens)
        another._patience = self._patience.for_another()
        return another

    async def send(
        self,
        _method: str,
        url: str,
        _query: object,
        /,
        *,
        now_ms: int,
        headers: object = None,  # noqa: ARG002 - the client makes its own
        body: bytes | None = None,
    ) -> bytes:
        """The answer as JSON; raises CollectorError with a sentence, SourceAbsentError without package or credentials."""
        self._patience.check(now_ms)
        where, operation = address(url), OPERATIONS["/" + url.rpartition("/")[2]]
        arguments: dict[str, Any] = msgspec.json.decode(body or b"{}")
        try:
            answer = await asyncio.to_thread(self._call, operation, arguments)
        except CollectorError:
            raise
        except Exception as error:  # noqa: BLE001 - its classes are AWS's, and are only there with the package
            raise self._failure(error, where, now_ms) from None
        self._patience.answered()
        return msgspec.json.encode({name: value for name, value in answer.items() if name != "ResponseMetadata"})

    def _call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._client is None:
            self._client = self._opens(self._region, self._url)
        answer: dict[str, Any] = getattr(self._client, operation)(**arguments)
        return answer

    def _failure(self, error: Exception, where: str, now_ms: int) -> CollectorError:
        from botocore import exceptions as aws

        if isinstance(error, aws.ClientError):
            return self._refusal(error, where, now_ms)
        unfound = (
            aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError, aws.ProfileNotFound,
            aws.TokenRetrievalError, aws.SSOError, aws.ConfigParseError, aws.InvalidConfigError,
        )  # fmt: skip
        if isinstance(error, unfound):
            self._client = None
            return SourceAbsentError(
                "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine"
                f" a role ({type(error).__name__})"
            )
        return self._patience.pause(now_ms, f"{where} {_on_the_way(error)}")

    def _refusal(self, error: ClientError, where: str, now_ms: int) -> CollectorError:
        """What an error that AWS itself answered means; its text is left out, since it may name people and accounts."""
        meta = error.response.get("ResponseMetadata", {})
        status, code = (
            meta.get("HTTPStatusCode", 0),
            str(error.response.get("Error", {}).get("Code", "")).rpartition("#")[2],
        )
        if code in _THROTTLED or status == 429:
            pause_ms = retry_after_ms(meta.get("HTTPHeaders", {}).get("retry-after", ""), now_ms)
            return self._patience.pause(now_ms, f"{where} wants fewer requests (throttled)", pause_ms=pause_ms)
        if code in _DENIED or code in _NOT_TAKEN or status in (401, 403):
            self._client = None
            why = "does not take these credentials" if code in _NOT_TAKEN else "refuses the credentials"
            shown = code if code in _DENIED or code in _NOT_TAKEN else str(status)
            sentence = f"{where} {why} ({shown}): it wants {self._permission}; asking again in 5 minutes"
            self._patience.pause(now_ms, sentence, pause_ms=REFUSED_PAUSE_MS)
            return KeyRefusedError(sentence)
        sentence = f"{where} answers with HTTP {status}"
        pause = self._patience.pause(now_ms, sentence)
        return NotUnderstoodError(sentence) if 400 <= status < 500 else pause


def _on_the_way(error: Exception) -> str:
    from botocore import exceptions as aws

    if isinstance(error, aws.ConnectTimeoutError | aws.ReadTimeoutError):
        return f"has not answered within {_READ_SECONDS} s"
    if isinstance(error, aws.SSLError):
        return "shows a certificate that is not trusted here (AWS_CA_BUNDLE names another authority)"
    if isinstance(error, aws.EndpointConnectionError | aws.ProxyConnectionError):
        return "refuses connections, or no way leads there: check `account`, the region (HTTPS_PROXY names a proxy)"
    if isinstance(error, aws.InvalidRegionError | aws.NoRegionError | aws.UnknownRegionError):
        return "is in no region that AWS knows: check `account`"
    if isinstance(error, aws.ConnectionClosedError | aws.HTTPClientError):
        return "hung up in the middle of its answer"
    return f"could not be asked ({type(error).__name__})"
