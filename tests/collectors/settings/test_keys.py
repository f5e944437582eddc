"""Where a source's key comes from, and that it goes nowhere else."""

import sys
from pathlib import Path

import pytest

from collectors.settings.config import ConfigError
from collectors.settings.keys import read_key
from collectors.settings.sourceconfig import SourceConfig

KEY = "sk-very-secret"


def source(
    *, api_key_env: str | None = None, api_key_file: str | None = None, api_key_command: str | None = None
) -> SourceConfig:
    return SourceConfig(
        type="engine",
        name="vllm-a",
        url="http://127.0.0.1:8000/metrics",
        api_key_env=api_key_env,
        api_key_file=api_key_file,
        api_key_command=api_key_command,
    )


def test_a_source_that_names_no_key_has_none() -> None:
    assert read_key(source(), {}) is None


def test_a_key_comes_from_the_environment_a_file_or_a_command(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    assert read_key(source(api_key_env="ENGINE_KEY"), {"ENGINE_KEY": KEY}) == KEY
    assert read_key(source(api_key_file=str(file)), {}) == KEY
    assert read_key(source(api_key_command=f"{sys.executable} -c 'print(\"{KEY}\")'"), {}) == KEY


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"api_key_env": "ENGINE_KEY"}, "the variable ENGINE_KEY holds no key"),
        ({"api_key_file": "/no/such/file"}, "cannot be read: FileNotFoundError"),
        ({"api_key_command": "/no/such/command"}, "api_key_command failed: FileNotFoundError"),
        ({"api_key_command": "'unclosed"}, "api_key_command failed: ValueError"),
    ],
)
def test_a_missing_key_is_a_sentence(where: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_key(source(**where), {})


def test_a_command_that_prints_the_key_and_fails_does_not_show_it() -> None:
    command = f"{sys.executable} -c 'print(\"{KEY}\"); raise SystemExit(1)'"
    with pytest.raises(ConfigError) as raised:
        read_key(source(api_key_command=command), {})
    assert KEY not in str(raised.value)
