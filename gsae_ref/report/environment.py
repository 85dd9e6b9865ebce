"""Where and how the numbers were made."""

from __future__ import annotations

import platform

from ..versions import versions
from .markup import Markup, element, joined


def this_machine() -> dict[str, str]:
    """Versions and machine of this process."""
    system = {"system": f"{platform.system()} {platform.release()}", "processor": _processor()}
    return {name: str(value) for name, value in {**versions(), **system}.items()}


def _processor() -> str:
    """Name of the processor; Linux does not give it through platform."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            ]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or "unknown processor"


def environment(facts: dict[str, str]) -> Markup:
    """The facts as a list of names and values."""
    return element(
        "dl",
        *(
            joined(element("dt", name), element("dd", element("code", value)))
            for name, value in facts.items()
        ),
        class_="facts",
    )
