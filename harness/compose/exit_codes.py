"""How a command ends: a mistake is one line and exit code 2, an interruption one line and 130."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from harness.errors import HarnessError

FAILURE, MISTAKE, INTERRUPTED = 1, 2, 130


def guarded(command: Callable[[], int | None]) -> int:
    """Run a command; its exit code. What is neither a mistake nor an interruption keeps its traceback."""
    try:
        return command() or 0
    except HarnessError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return MISTAKE
    except KeyboardInterrupt:
        print("interrupted: what was finished is recorded; the same command goes on from there", file=sys.stderr)  # noqa: T201
        # one that came while text was executed (a library's import) is remembered by CPython, which would end `python -m` by
        # the signal instead of our exit code; executing any text forgets it
        exec("")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
