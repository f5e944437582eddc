"""Keys: read when they are needed from where the configuration points; never kept, shown or written."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from collectors.errors import SourceAbsentError
from collectors.providers.registry import provider
from collectors.settings.config import ConfigError, SourceConfig

_COMMAND_SECONDS = 10.0


def read_key(source: SourceConfig, environment: Mapping[str, str] = os.environ) -> str | None:
    """The key of a source from its variable, file or command; None when it names none. Raises ConfigError, never with the key."""
    name = source.name or source.url or source.type
    if source.api_key_env is not None:
        key = environment.get(source.api_key_env, "")
        where = f"the variable {source.api_key_env}"
    elif source.api_key_file is not None:
        key, where = _from_file(Path(source.api_key_file).expanduser(), name), f"the file {source.api_key_file}"
    elif source.api_key_command is not None:
        key, where = _from_command(source.api_key_command, name), "its api_key_command"
    else:
        return None
    if not key.strip():
        raise ConfigError(f"source {name}: {where} holds no key.")
    return key.strip()


def provider_key(source: SourceConfig, environment: Mapping[str, str] = os.environ) -> str:
    """The key of a provider's source: where the source says, else in its usual variable. Raises CollectorError, never with it."""
    try:
        key = read_key(source, environment)
    except ConfigError as error:
        raise SourceAbsentError(str(error)) from None
    if key is not None:
        return key
    variables = provider(source.type).key_variables
    for variable in variables:
        if found := environment.get(variable, "").strip():
            return found
    raise SourceAbsentError(
        f"no key: set {' or '.join(variables)}, or name one with api_key_env, api_key_file or api_key_command"
    )


def _from_file(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"source {name}: the key's file {path} cannot be read: {type(error).__name__}.") from None


def _from_command(command: str, name: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, without a shell
            shlex.split(command), capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # The error's own text would repeat what the command printed.
        raise ConfigError(f"source {name}: its api_key_command failed: {type(error).__name__}.") from None
    return done.stdout
