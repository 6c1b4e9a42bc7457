"""Text that Markdown is not to read as markup."""

from __future__ import annotations


def plain(text: str) -> str:
    """The text with the characters escaped that begin a table cell, emphasis, a tag or a link."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;").replace("[", "\\[")
