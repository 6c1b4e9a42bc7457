"""Which prompt stands in front of a text: mteb's order of precedence, so that both give the same number."""

from __future__ import annotations

from collections.abc import Mapping

from harness.types import Role


def prompt(prompts: Mapping[str, str], role: Role, task: str = "", kind: str = "") -> str:
    """The literal prompt, empty where none applies.

    The order is mteb's (`AbsEncoder.get_prompt_name`): task-role, task, type-role, type, role. `task` is a data
    set's name, with the harness's prefix: `mteb/SciFact` is looked up as `SciFact`, `table/faq` as `faq`.
    """
    plain = task.partition("/")[2] or task
    keys = [f"{plain}-{role}" if plain and role else "", plain, f"{kind}-{role}" if kind and role else "", kind, role]
    return next((prompts[key] for key in keys if key and key in prompts), "")
