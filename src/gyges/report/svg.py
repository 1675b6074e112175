"""How is an SVG picture written safely?

A tree of elements that escapes everything on its way out. Colours and fonts are left to classes;
only geometry stands in attributes. Characters that XML forbids, and those that reorder text, are
replaced, because names in a study are other people's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

__all__ = ["Element", "el", "num", "safe_text"]

# What XML 1.0 forbids, lone surrogates among them, and controls that change the direction of text.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069"
    "\ufeff\ufffe\uffff]"
)


def safe_text(text: str) -> str:
    """Show invisible, reordering and forbidden characters as ``⟨U+202E⟩``; leave the others."""
    return _UNSAFE.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def num(value: float) -> str:
    """Write a coordinate with at most two decimals and no trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass(slots=True)
class Element:
    """One SVG element: its name, attributes and children (elements or text)."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def add(self, *children: Element | str) -> Element:
        """Append children and return this element."""
        self.children.extend(children)
        return self

    def __str__(self) -> str:
        opening = "".join(
            f' {key}="{escape(safe_text(value))}"' for key, value in self.attributes.items()
        )
        if not self.children:
            return f"<{self.name}{opening}/>"
        inner = "".join(
            str(child) if isinstance(child, Element) else escape(safe_text(child), quote=False)
            for child in self.children
        )
        return f"<{self.name}{opening}>{inner}</{self.name}>"


def el(name: str, *children: Element | str, **attributes: str | float) -> Element:
    """Make an element; ``class_`` stands for ``class``, other underscores become hyphens.

    Args:
        name: The element's name.
        *children: Elements, or text that is escaped.
        **attributes: Text, or numbers that are written with at most two decimals.
    """
    written = {
        key.rstrip("_").replace("_", "-"): value if isinstance(value, str) else num(value)
        for key, value in attributes.items()
    }
    return Element(name, written, list(children))
