"""The list of lessons, from the notebooks' own first and last cells and their first pictures."""

import base64
import json
import re

HEAD = re.compile(
    r"# (?P<title>.+?)\n+\*\*Question\.\*\* (?P<question>.+?)\n+\*\*At the end you know\*\* .+?"
    r"\*\*You need\*\* (?P<need>.+?)\n+\*\*Time\.\*\* (?P<time>.+?)\s*$",
    re.S,
)


def pages(folder, pictures):
    """Markdown of the list, one section for each notebook; its pictures go into a folder.

    Parameters
    ----------
    folder, pictures : Path
    """
    return "\n".join(_section(path, pictures) for path in sorted(folder.glob("*.ipynb")))


def head(text):
    """Title, question, prerequisites and time of a first cell, each on one line.

    >>> cell = "# A\\n\\n**Question.** Is\\nit?\\n\\n**At the end you know** b."
    >>> head(cell + "\\n\\n**You need** c.\\n\\n**Time.** 5 minutes.")["question"]
    'Is it?'
    """
    parts = HEAD.match(text).groupdict()
    return {name: " ".join(part.split()) for name, part in parts.items()}


def _section(path, pictures):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    facts = head("".join(cells[0]["source"]))
    lines = [
        f"### {path.name[:2]}. {facts['title']}\n",
        f"{facts['question']}\n",
        f"- *What it proves:* {_proved(cells)}",
        f"- *You need* {facts['need']}",
        f"- *Time:* {facts['time']}",
        f"- {{doc}}`The lesson </generated/notebooks/{path.stem}>`\n",
    ]
    picture = _first_picture(cells)
    if picture:
        (pictures / f"{path.stem}.png").write_bytes(picture)
        name = f"/generated/{pictures.name}/{path.stem}.png"
        lines.append(f"![The first picture of lesson {path.name[:2]}]({name})\n")
    return "\n".join(lines)


def _proved(cells):
    """The sentence that the last cell prints once its assertions hold."""
    printed = "".join(cells[-1]["outputs"][-1]["text"])
    return " ".join(printed.split())


def _first_picture(cells):
    for cell in cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                return base64.b64decode(output["data"]["image/png"])
    return None
