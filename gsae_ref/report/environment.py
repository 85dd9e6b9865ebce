"""The machine and the versions that made the numbers."""

from __future__ import annotations

import platform

from ..notation.markup import Markup, element, joined
from ..versions import versions


def this_machine() -> dict[str, str]:
    """Versions and machine of this process."""
    system = {"system": f"{platform.system()} {platform.release()}", "processor": _processor()}
    return {name: str(value) for name, value in {**versions(), **system}.items()}


def _processor() -> str:
    """Name of the processor, which on Linux platform does not know."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = [line for line in file if line.startswith("model name")]
    except OSError:
        lines = []
    name = lines[0].split(":", 1)[1].strip() if lines else platform.processor()
    return name or "unknown processor"


def environment(facts: dict[str, str]) -> Markup:
    """The facts as a list of names and values."""
    entries = [
        joined(element("dt", name), element("dd", element("code", value)))
        for name, value in facts.items()
    ]
    return element("dl", *entries, class_="facts")
