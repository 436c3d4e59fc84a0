from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.config.mistake import ConfigurationRefused
from stream_app.config.source import read
from stream_app.config.tree import MAX_CHARACTERS


def refusal(path: Path | str) -> str:
    with pytest.raises(ConfigurationRefused) as caught:
        read(str(path))
    return str(caught.value)


def test_a_file_is_read_as_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "tenggat.yaml"
    path.write_bytes("# Größe\r\nlateness: 1h\r\n".encode())
    assert read(str(path)) == "# Größe\r\nlateness: 1h\r\n"


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "nofile.yaml"
    assert refusal(path) == f"{path}: No such file or directory, expected a configuration that can be read"


def test_a_folder_and_a_name_that_cannot_be_are_refused(tmp_path: Path) -> None:
    assert "Is a directory" in refusal(tmp_path)
    assert "null byte" in refusal("a\0b")


def test_other_encodings_are_refused_at_their_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("lateness: 1h\n\n# ä Größe".encode() + b" Gr\xf6\xdfe\n")
    assert refusal(path) == f"{path}:3:13: the byte 0xf6, expected UTF-8"


def test_a_file_that_does_not_end_is_refused() -> None:
    assert f"expected {MAX_CHARACTERS} characters at most" in refusal("/dev/zero")
