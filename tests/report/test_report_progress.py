"""A bar on stderr where that is a terminal, and nothing anywhere else."""

import io
import sys

from auditor.report.progress import bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_what_is_done_and_the_time_left(monkeypatch, capsys):
    seen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", seen)
    with bar("audits") as progress:
        assert progress is not None
        progress(1, 4)
        progress(5, 6)
    assert "audits" in seen.getvalue()
    assert "5/6" in seen.getvalue()
    assert "left" in seen.getvalue()
    assert capsys.readouterr().out == ""


def test_no_terminal_no_bar(monkeypatch):
    seen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", seen)
    with bar("audits") as progress:
        assert progress is None
    assert seen.getvalue() == ""
