"""A command line, called in the tests' own process."""

import sys
from collections.abc import Callable

import pytest

Call = Callable[..., tuple[int, str, str]]


def caller(main: Callable[[], None], name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """What calls `main` with the words typed after `name`; gives exit status, standard output and standard error."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [name, *words])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
