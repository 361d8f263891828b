"""Which characters are text: all that have a shape, however rare. What has none is no part of a name or a cell.

Python says "unprintable" of every character its Unicode tables don't know yet, the newest ideographs of people's names among
them (Extension I in Python 3.11), of private use, where older systems kept rare names, and of the ideographic space.
"""

from __future__ import annotations

import unicodedata

BREAKS = "\n\t"
_SHAPELESS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_NAMES = {
    "\u200b": "零宽空格",
    "\ufeff": "字节顺序标记",
    "\xad": "软连字符",
    "\u202e": "反向书写符",
    "\n": "换行",
    "\r": "换行",
    "\t": "制表符",
}


def is_shapeless(char: str) -> bool:
    """A control or format character, half a surrogate pair, or a code that will never be a character."""
    if char.isprintable():
        return False
    code = ord(char)
    return (
        unicodedata.category(char) in _SHAPELESS
        or code & 0xFFFE == 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
        or 0xE0000 <= code <= 0xE0FFF  # tags, and what is reserved to be ignored like them
    )


def shapeless(text: str, keep: str = "") -> list[str]:
    """The characters of a text that are none, each once, in the order met; those of `keep` are let pass."""
    if text.isprintable():
        return []
    return [char for char in dict.fromkeys(text) if is_shapeless(char) and char not in keep]


def cleaned(text: str, keep: str = BREAKS) -> str:
    """The text without what has no shape (a NUL breaks PostgreSQL, a control character a workbook)."""
    if text.isprintable():
        return text
    return "".join([char for char in text if char in keep or not is_shapeless(char)])


def folded(text: str) -> str:
    """Letters and digits of full width as ordinary ones (NFKC); brackets and signs stay: names are written with their own."""
    if text.isascii():
        return text
    plain = [unicodedata.normalize("NFKC", char) for char in text]
    return "".join([one if one.isascii() and one.isalnum() else char for char, one in zip(text, plain, strict=True)])


def is_ideograph(char: str) -> bool:
    """A Chinese character, those of extensions newer than Python's tables included: planes 2 and 3 hold nothing else."""
    return 0x20000 <= ord(char) <= 0x3FFFD or unicodedata.name(char, "").startswith("CJK ")


def called(char: str) -> str:
    """A character without a shape as it is told to a person: U+200B（零宽空格）."""
    name = _NAMES.get(char)
    return f"U+{ord(char):04X}" + (f"（{name}）" if name else "")
