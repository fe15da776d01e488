"""TOML from anybody: what is not TOML is refused in one line, and nothing is read that TOML does not say."""

from __future__ import annotations

import pytest

from auditor.errors import ConfigError
from auditor.inputs.toml import LARGEST, read_toml


def read(folder, data: bytes):
    (folder / "a.toml").write_bytes(data)
    return read_toml(folder / "a.toml", name="a.toml")


def test_tables_and_text_are_read_whatever_ends_a_line(tmp_path):
    for end in (b"\n", b"\r\n"):
        found, text = read(tmp_path, b"a = 1" + end + b"[b]" + end + 'c = "\u00e4"'.encode() + end)
        assert found == {"a": 1, "b": {"c": "\u00e4"}}
        assert text.splitlines() == ["a = 1", "[b]", 'c = "\u00e4"']
    assert read(tmp_path, b"a = [9223372036854775807, -9223372036854775808]\n")[0] == {"a": [2**63 - 1, -(2**63)]}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        # An editor shows one line, a comment; Python's text files would make two of it.
        (b"# nothing\rlevel = 0.5\n", "a.toml: not TOML: "),
        (b"a = = 1\n", "a.toml: not TOML: Invalid value"),
        (b"a = 1\na = 2\n", "a.toml: not TOML: Cannot overwrite a value"),
        (b'a = "\xff"\n', "a.toml: not UTF-8, which TOML is, from byte 5 on"),
        (b"a = " + b"[" * 20_000, "nested too deeply"),
        (b"a = " + b"9" * 5000 + b"\n", "a.toml: not TOML: "),
        (b"a = 9223372036854775808\n", "a whole number there has more than 64 bits"),
        (b"a = [{b = -9223372036854775809}]\n", "a whole number there has more than 64 bits"),
        (b"a = 0x" + b"f" * 5000 + b"\n", "a whole number there has more than 64 bits"),
        (b"#" * (LARGEST + 1), "unpacks to more than 4 MiB"),
    ],
)
def test_what_is_not_toml_is_refused(tmp_path, data, words):
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, data)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="device or a socket"):
        read_toml(tmp_path, name="folder")
