"""Bytes → text, in the encoding that they are in: UTF-8 and UTF-16 with or without mark, else Windows-1252.

UTF-8 is proved by decoding: other encodings hardly ever are valid UTF-8. UTF-16 without a mark is told by its zero bytes,
which no text in another encoding has. What is left is taken for Windows-1252, the encoding of a spreadsheet's export in
Western languages, unless most of its letters would be accented: then it is of another script, and which one is not guessed.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from harness.errors import ConfigError, DataError, nearest
from harness.records.packed import MARK

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""First bytes → encoding; UTF-32's before those of UTF-16, with which they begin."""
NAMES = (
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "cp1252",
    "latin-1",
    "cp1250",
    "cp1251",
    "shift_jis",
    "gb18030",
    "big5",
)
"""Some that Python knows, for messages."""
ACCENTED = 0.4
"""Share of accented letters from which a text is not of a Western language; in Western ones it is under 0.15."""
PLAIN = set('\n\r\t,;|" eanitr')
"""What any table holds."""


def decoded(path: Path, content: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file without its mark, and the encoding that it was taken to be in.

    Args:
        encoding: What it is stated to be in; None looks.

    Raises:
        ConfigError: An encoding that Python does not know.
        DataError: The bytes are in no encoding that can be told, or not in the stated one.
    """
    if encoding is not None:
        name = _known(encoding)
        try:
            return content.decode(name).removeprefix(MARK), name
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}: byte {error.start} is not {name}, which task.encoding={encoding} states. Leave it out to have it told."
            ) from None
    for mark, name in MARKS.items():
        if content.startswith(mark):
            try:
                return content[len(mark) :].decode(name), name
            except UnicodeDecodeError as error:
                raise DataError(f"{path}: byte {error.start + len(mark)} is not {name}, which its mark says.") from None
    if b"\0" in content[:4096]:
        return _utf16(path, content)
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError as error:
        return _western(path, content, error.start), "cp1252"


def _known(encoding: str) -> str:
    try:
        codec = codecs.lookup(encoding)
        "".encode(codec.name)  # what is no encoding of text, such as base64, is refused here
    except LookupError:
        near = nearest(encoding, NAMES) or list(NAMES)
        raise ConfigError(f"task.encoding={encoding} is none that Python knows. Did you mean {near[0]}?") from None
    return codec.name


def _utf16(path: Path, content: bytes) -> tuple[str, str]:
    texts = {}
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = content.decode(name)
            texts[name] = sum(character in PLAIN for character in text[:4096]), text
        except UnicodeDecodeError:
            continue
    if not texts or not max(texts.values())[0]:
        raise DataError(f"{path}: byte {content.index(bytes(1))} is zero, and it is not UTF-16: this is no text.")
    name = max(texts, key=lambda name: texts[name][0])
    return texts[name][1], name


def _western(path: Path, content: bytes, first: int) -> str:
    mend = f"State it with task.encoding=NAME ({', '.join(NAMES[4:])} …), or save it as UTF-8."
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 (byte {first}), nor Windows-1252 (byte {error.start}). {mend}") from None
    letters = [character for character in text if character.isalpha()]
    if sum(not letter.isascii() for letter in letters) > ACCENTED * len(letters):
        raise DataError(f"{path}: not UTF-8 (byte {first}), and as Windows-1252 it is no Western language. {mend}")
    return text
