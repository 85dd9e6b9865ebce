"""What every experiment relies on: units of work that are kept, pictures and reports, and the command that makes them."""

import json
import os
from types import SimpleNamespace

import numpy as np
import pytest

from gsae_ref import experiments
from gsae_ref.cli import main
from gsae_ref.experiments.common.cache import Cells
from gsae_ref.experiments.common.publishing import COLOURS, draw, publish
from gsae_ref.experiments.common.study import Claim, Study, Table

calls = []


def powers(base, n):
    calls.append((base, n))
    return {"powers": base ** np.arange(n), "base": base}


def plot_powers(study, ax):
    (line,) = ax.plot(study.data["powers"], label="powers")
    ax.set(xlabel="exponent", ylabel="power")
    return [line]


def toy(cells, quick=False, seed=0, n_seeds=1, base=2.0):
    found = cells.run("powers", powers, base=base, n=3 if quick else 5)
    claim = Claim(
        "toy", "the last | power is 16", f"{found['powers'][-1]:g}", bool(found["powers"][-1] == 16)
    )
    return Study(
        "toy",
        "Toy: powers",
        {"base": base, "seed": seed, "n_seeds": n_seeds},
        {"powers": found["powers"]},
        [Table("Powers", ("exponent", "power"), list(enumerate(found["powers"].tolist())))],
        [claim],
        ["a note"],
    )


@pytest.fixture
def registered(monkeypatch):
    calls.clear()
    module = SimpleNamespace(
        TITLE="Toy: powers",
        compute=toy,
        FIGURES={"toy": [[plot_powers, None], [plot_powers]]},
        add_options=lambda parser: parser.add_argument("--base", type=float, default=2.0),
    )
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"toy": "toy"})
    monkeypatch.setattr(experiments, "load", lambda name: module)


# ------------------------------------------------------------------------------------------------ units of work


def test_a_unit_of_work_is_done_once(tmp_path):
    calls.clear()
    first = Cells(tmp_path).run("powers", powers, base=2.0, n=4)
    again = Cells(tmp_path)
    second = again.run("powers", powers, base=2.0, n=4)
    assert calls == [(2.0, 4)]
    assert set(first) == set(second) == {"powers", "base"}
    assert np.array_equal(first["powers"], second["powers"])
    assert again.seconds["powers"] >= 0


def test_other_arguments_are_computed_anew(tmp_path):
    Cells(tmp_path).run("powers", powers, base=2.0, n=4)
    assert Cells(tmp_path).run("powers", powers, base=3.0, n=2)["powers"].tolist() == [1, 3]


def test_arrays_that_print_alike_are_told_apart(tmp_path):
    first = np.zeros(5000)
    second = np.zeros(5000)
    second[2500] = 1
    assert repr(first) == repr(second)
    sums = [
        Cells(tmp_path).run("sum", lambda a: {"sum": a.sum()}, a=a)["sum"] for a in (first, second)
    ]
    assert sums == [0, 1]


def test_a_damaged_result_is_said_and_computed_again(tmp_path):
    Cells(tmp_path).run("powers", powers, base=2.0, n=4)
    (tmp_path / "powers.npz").write_bytes((tmp_path / "powers.npz").read_bytes()[:100])
    with pytest.warns(RuntimeWarning, match="damaged .* computing it again"):
        found = Cells(tmp_path).run("powers", powers, base=2.0, n=4)
    assert found["powers"].tolist() == [1, 2, 4, 8]


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = Cells(None)
    cells.run("powers", powers, base=2.0, n=4)
    assert cells.checkpoint("powers") is None
    assert os.listdir(tmp_path) == []


def test_a_unit_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        Cells(tmp_path).run("bad", lambda: {"a": 1 / 0})
    assert os.listdir(tmp_path) == []


def test_progress_is_said_on_standard_error(tmp_path, capsys):
    Cells(tmp_path, progress=True).run("powers", powers, base=2.0, n=4)
    assert "powers ..." in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------ pictures and reports


def test_a_table_of_uneven_rows_is_refused():
    with pytest.raises(ValueError, match="row of 1 entries; it must have 2"):
        Table("t", ("a", "b"), [(1, 2), (3,)])


def test_a_figure_has_a_panel_for_every_function():
    figure = draw(toy(Cells(None)), [[plot_powers, None], [plot_powers]])
    drawn = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_xlabel() for ax in drawn] == ["exponent", "exponent"]
    assert drawn[0].lines[0].get_color() == COLOURS[0]


def test_a_study_is_published_whole(tmp_path):
    written = publish(toy(Cells(None)), {"toy": [[plot_powers]]}, tmp_path / "out", {"powers": 1.5})
    assert sorted(os.listdir(tmp_path / "out")) == ["report.md", "toy.json", "toy.png", "toy.svg"]
    assert sorted(map(os.path.basename, written)) == sorted(os.listdir(tmp_path / "out"))
    report = (tmp_path / "out" / "report.md").read_text()
    assert "| the last \\| power is 16 | toy | **reproduces** | 16 |" in report
    assert "| 4 | 16 |" in report
    assert "- a note" in report
    numbers = json.loads((tmp_path / "out" / "toy.json").read_text())
    assert numbers["data"]["powers"] == [1, 2, 4, 8, 16]
    assert numbers["versions"]["numpy"] == np.__version__
    assert (tmp_path / "out" / "toy.png").read_bytes()[:4] == b"\x89PNG"


def test_the_same_study_gives_the_same_picture(tmp_path):
    for name in ("a", "b"):
        publish(toy(Cells(None)), {"toy": [[plot_powers]]}, tmp_path / name)
    assert (tmp_path / "a" / "toy.svg").read_bytes() == (tmp_path / "b" / "toy.svg").read_bytes()


# ------------------------------------------------------------------------------------------------ the command


def test_the_command_computes_prints_and_resumes(registered, tmp_path, capsys):
    for _ in range(2):
        assert (
            main(
                [
                    "reproduce",
                    "toy",
                    "--out",
                    str(tmp_path / "out"),
                    "--json",
                    str(tmp_path / "toy.json"),
                ]
            )
            == 0
        )
    assert calls == [(2.0, 5)]
    said = capsys.readouterr().out
    assert "toy: reproduces" in said
    assert "=> 16" in said
    assert json.loads((tmp_path / "toy.json").read_text())["claims"][0]["holds"] is True


def test_options_of_the_experiment_reach_it(registered, tmp_path, capsys):
    assert main(["reproduce", "toy", "--base", "3", "--quick", "--out", str(tmp_path)]) == 0
    assert calls == [(3.0, 3)]
    assert "does not reproduce" in capsys.readouterr().out


def test_without_a_name_the_experiments_are_listed(registered, capsys):
    assert main(["reproduce"]) == 0
    assert "Toy: powers" in capsys.readouterr().out


def test_an_interrupted_command_says_how_to_go_on(registered, tmp_path, capsys, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments.load("toy"), "compute", interrupted)
    assert main(["reproduce", "toy", "--out", str(tmp_path / "out")]) == 130
    assert "the same command continues from" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_one_line(registered, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["reproduce", "toy", "--out", str(tmp_path / "file")]) == 2
    error = capsys.readouterr().err
    assert "cannot be made" in error
    assert error.count("\n") == 1


def test_an_unknown_experiment_is_refused(capsys):
    with pytest.raises(ValueError, match="experiment = 'figure-99' is unknown; choose one of"):
        experiments.load("figure-99")


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_every_experiment_has_a_title_pictures_and_a_computation(name):
    module = experiments.load(name)
    assert len(module.TITLE.splitlines()) == 1
    assert callable(module.compute)
    assert all(
        callable(plot) or plot is None
        for grid in module.FIGURES.values()
        for row in grid
        for plot in row
    )
