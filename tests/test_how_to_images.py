"""The script of docs/how_to/images.md, run on fewer patches and epochs."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
PAGE = (Path(__file__).parent.parent / "docs" / "how_to" / "images.md").read_text(encoding="utf-8")
SCRIPT = max(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL), key=len)
OUTPUT = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0]
REDUCED = {
    "N_PATCHES, N_EPOCHS, SIDE, SIGMA = 4000, 20, 120, 0.1": (
        "N_PATCHES, N_EPOCHS, SIDE, SIGMA = 160, 1, 20, 0.1"
    ),
    "max_iter=20": "max_iter=1",
    "for count in (4, 12)": "for count in (12,)",
    "[:, 320:], 2000)": "[:, 320:], 150)",
}


def numbers(line):
    return [float(word) for word in re.findall(r"\d+\.\d+", line)]


@pytest.mark.filterwarnings("ignore")  # so short a run does not converge
def test_the_script_runs_and_prints_lines_of_the_page(capsys):
    script = SCRIPT
    for full, reduced in REDUCED.items():
        assert full in script
        script = script.replace(full, reduced)
    names = {}
    exec(compile(script, "images.md", "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    on_page = OUTPUT.splitlines()
    expected = [on_page[0], on_page[2], *on_page[3:]]
    assert [re.sub(r"[\d.]+", "#", line) for line in printed] == [
        re.sub(r"[\d.]+", "#", line) for line in expected
    ]
    groups = numbers(printed[1])[0]
    assert 0 < groups < 1
    assert numbers(printed[2]) == [pytest.approx(20, abs=0.5)]  # sigma = 0.1
    model = names["models"][12, 4]
    refit = names["test"] - model.transform(names["test"]) @ model.components_
    assert groups == pytest.approx(np.sum(refit**2) / np.sum(names["test"] ** 2), abs=1e-3)
    learned_from = model.transform(names["train"])
    assert np.count_nonzero(learned_from) / len(learned_from) == pytest.approx(12, rel=0.05)
