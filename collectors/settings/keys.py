"""Keys: read when they are needed from where the configuration points; never kept, shown or written."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from collectors.errors import SourceAbsentError
from collectors.providers.registry import provider
from collectors.settings.config import ConfigError
from collectors.settings.sourceconfig import SourceConfig

_COMMAND_SECONDS = 10.0


def read_key(source: SourceConfig, environment: Mapping[str, str] = os.environ) -> str | None:
    """The key of a source from its variable, file or command; None when it names none. Raises ConfigError, never with the key."""
    name = f"source {source.label}"
    return read_secret(
        name, "api_key", source.api_key_env, source.api_key_file, source.api_key_command, environment=environment
    )


def read_secret(
    whose: str,
    what: str,
    variable: str | None,
    file: str | None,
    command: str | None,
    *,
    environment: Mapping[str, str] = os.environ,
) -> str | None:
    """A secret from the first place that is named; None when none is. Raises ConfigError, never with the secret."""
    if variable is not None:
        key = environment.get(variable, "")
        where = f"the variable {variable}"
    elif file is not None:
        key, where = _from_file(Path(file).expanduser(), whose), f"the file {file}"
    elif command is not None:
        key, where = _from_command(command, whose, what), f"its {what}_command"
    else:
        return None
    if not key.strip():
        raise ConfigError(f"{whose}: {where} holds no key.")
    return key.strip()


def provider_key(source: SourceConfig) -> str:
    """The key of a provider's source: where the source says, else in its usual variable. Raises CollectorError, never with it."""
    try:
        key = read_key(source)
    except ConfigError as error:
        raise SourceAbsentError(str(error)) from None
    if key is not None:
        return key
    variables = provider(source.type).key_variables
    for variable in variables:
        if found := os.environ.get(variable, "").strip():
            return found
    raise SourceAbsentError(
        f"no key: set {' or '.join(variables)}, or name one with api_key_env, api_key_file or api_key_command"
    )


def _from_file(path: Path, whose: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{whose}: the key's file {path} cannot be read: {type(error).__name__}.") from None


def _from_command(command: str, whose: str, what: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            shlex.split(command), capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # The error's own text would repeat what the command printed.
        raise ConfigError(f"{whose}: its {what}_command failed: {type(error).__name__}.") from None
    return done.stdout
