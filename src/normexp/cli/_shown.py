"""Text from outside - names, labels, cells, paths - made safe for a terminal: what would move the cursor or turn the text round is shown, not sent."""

import re

__all__ = ["shown", "shown_json", "shown_lines"]

# controls (C0, delete, C1), marks and overrides of direction, separators of lines and paragraphs, halves of pairs
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def shown(text: object) -> str:
    """The text with every unsafe character as its escape, such as \\x1b or \\u202e."""
    return UNSAFE.sub(_escape, str(text))


def shown_lines(text: object) -> str:
    """As `shown`, but line feeds stay: for text of our own that has lines."""
    return "\n".join(shown(line) for line in str(text).split("\n"))


def shown_json(text: str) -> str:
    """JSON whose strings hold nothing unsafe; it reads back as before."""
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
