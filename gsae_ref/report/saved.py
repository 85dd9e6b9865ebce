"""Read a result that ``gsae-ref verify --json`` wrote; refuse any other file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..papers.ledger import LEDGER

FIELDS: dict[str, type] = {
    "id": str,
    "number": str,
    "kind": str,
    "verdict": str,
    "printed": str,
    "reading": str,
    "repaired": str,
    "remark": str,
    "confirmed": bool,
    "findings": list,
    "same_as": str,
}
FINDING: dict[str, type] = {
    "kind": str,
    "label": str,
    "ok": bool,
    "summary": str,
    "numbers": dict,
    "detail": str,
}
CERTIFICATE: dict[str, type] = {
    "name": str,
    "data": dict,
    "hypotheses": list,
    "printed": dict,
    "note": str,
}
COMPARISON: dict[str, type] = {
    "text": str,
    "left": str,
    "relation": str,
    "right": str,
    "holds": bool,
}
SETTINGS: dict[str, type] = {"papers": list, "quick": bool, "rng": int}
REMEDY = "it must be the result of a verification; write one with gsae-ref verify --json FILE"


def read_result(path: str | Path) -> dict[str, Any]:
    """The plain data of a saved :class:`~gsae_ref.verification.VerificationReport`.

    Raises
    ------
    ValueError
        If the file is missing, is not JSON, lacks a part of a saved verification, or names a
        statement that this ledger does not have.
    """
    try:
        with open(path, encoding="utf-8") as file:
            result = json.load(file)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); {REMEDY}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON ({error}); {REMEDY}") from error
    lacking = _lacking(result)
    if lacking:
        raise ValueError(f"{path} {lacking}; {REMEDY}")
    return result


def _lacking(result: Any) -> str:
    """Why plain data are no result, or ""."""
    if not _has(result, {"rows": list, "settings": dict}) or not _has(result["settings"], SETTINGS):
        return "has no rows and settings"
    if not result["rows"]:
        return "has no rows"
    seen: set[str] = set()
    for row in result["rows"]:
        if not _has(row, FIELDS) or not all(_is_finding(finding) for finding in row["findings"]):
            return f"has a damaged row {row.get('id') if isinstance(row, dict) else row}"
        known = LEDGER.get(row["id"])
        if known is None or (row["verdict"], row["same_as"]) != (known.verdict, known.same_as):
            return f"gives {row['id']} the verdict {row['verdict']}, which this ledger does not"
        if row["id"] in seen:
            return f"has {row['id']} twice"
        seen.add(row["id"])
    return ""


def _is_finding(finding: Any) -> bool:
    if not _has(finding, FINDING):
        return False
    numbers = finding["numbers"]
    if finding["kind"] == "counterexample":
        return _is_certificate(numbers)
    ratios = (numbers.get(name) for name in ("worst_random", "worst_search"))
    return all(isinstance(ratio, (int, float, type(None))) for ratio in ratios)


def _is_certificate(numbers: dict[str, Any]) -> bool:
    if not _has(numbers, CERTIFICATE):
        return False
    compared = [*numbers["hypotheses"], numbers["printed"]]
    if numbers.get("corrected") is not None:
        compared.append(numbers["corrected"])
    lines = all(_has(line, COMPARISON) for line in compared)
    return lines and all(map(_is_entry, numbers["data"].values()))


def _is_entry(value: Any) -> bool:
    """Whether a value is a number, words, or a matrix: a list of rows of one length."""
    if isinstance(value, list):
        return all(isinstance(row, list) and len(row) == len(value[0]) for row in value)
    return isinstance(value, (str, int))


def _has(data: Any, fields: dict[str, type]) -> bool:
    return isinstance(data, dict) and all(
        isinstance(data.get(name), kind) for name, kind in fields.items()
    )
