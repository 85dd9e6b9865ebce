"""The script of docs/how_to/images.md, run on fewer patches and epochs."""

import re
from pathlib import Path

import numpy as np
import pytest

import gsae_ref as gs

pytest.importorskip("sklearn")
PAGE = (Path(__file__).parent.parent / "docs" / "how_to" / "images.md").read_text(encoding="utf-8")
FEW_LINES, SCRIPT, DIGITS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
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


@pytest.mark.filterwarnings("ignore")
def test_the_few_lines_explain_patches_with_the_wanted_number_of_groups():
    few = FEW_LINES.replace("max_patches=4000", "max_patches=300")
    few = few.replace("debias=True", "debias=True, n_epochs=2, random_state=0")
    names = {}
    exec(compile(few, "images.md", "exec"), names)
    Y = names["Y"]
    assert names["model"].active_groups_ == pytest.approx(3, rel=0.05)
    assert -2 * names["model"].score(Y) < 0.5 * np.square(Y).sum(axis=1).mean()


def test_the_digits_have_the_numbers_of_the_page():
    names = {}
    exec(compile(DIGITS, "images.md", "exec"), names)
    X, model, labels = (names[name] for name in ("X", "model", "labels"))
    found = {
        r"ends at lam = ([\d.]+)": model.lam_,
        r"explains (\d+) % of the variance": 100 * (1 + 2 * model.score(X) / np.mean(X**2) / 64),
        r"labels\)` is ([\d.]+),": gs.clustering_accuracy(names["y"], labels),
        r"group \((\d+) % of them\)": 100 * model.empty_codes_,
    }
    for pattern, value in found.items():
        last = re.search(pattern, PAGE.replace("\n", " ")).group(1)
        half_a_unit = 0.5 * 10.0 ** -len(last.partition(".")[2])
        assert value == pytest.approx(float(last), abs=1.5 * half_a_unit), pattern
