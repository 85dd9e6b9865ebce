"""What every experiment relies on: the cache of results, pictures and reports, and the command."""

import json
import os
import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from gsae_ref import experiments
from gsae_ref.cli import main
from gsae_ref.experiments.common.cache import ResultCache, digest
from gsae_ref.experiments.common.publishing import COLOURS, draw, publish, spread
from gsae_ref.experiments.common.study import Claim, Study, Table, seed_range

calls = []


def powers(base, n):
    calls.append((base, n))
    return {"powers": base ** np.arange(n), "base": base}


def plot_powers(data, ax):
    (line,) = ax.plot(data["powers"], label="powers")
    ax.set(xlabel="exponent", ylabel="power")
    return [line]


def toy(cache, quick=False, seed=0, n_seeds=1, base=2.0):
    found = cache.run("powers", powers, base=base, n=3 if quick else 5)
    last = found["powers"][-1]
    rows = list(enumerate(found["powers"].tolist()))
    return Study(
        "toy",
        "Toy: powers",
        {"base": base, "seed": seed, "n_seeds": n_seeds},
        {"powers": found["powers"]},
        [Table("Powers", ("exponent", "power"), rows)],
        [Claim("toy", "the last | power is 16", f"{last:g}", bool(last == 16))],
        ["a note"],
    )


def without_options(cache):
    return Study("plain", "Toy: nothing random", {}, {})


@pytest.fixture
def registered(monkeypatch):
    calls.clear()
    modules = {
        "toy": SimpleNamespace(
            TITLE="Toy: powers",
            compute=toy,
            FIGURES={"toy": [[plot_powers, None], [plot_powers]]},
            add_options=lambda parser: parser.add_argument("--base", type=float, default=2.0),
        ),
        "plain": SimpleNamespace(TITLE="Toy: nothing random", compute=without_options, FIGURES={}),
    }
    monkeypatch.setattr(experiments, "EXPERIMENTS", {name: name for name in modules})
    monkeypatch.setattr(experiments, "load", modules.get)


# ---- the cache


def test_a_result_is_computed_once(tmp_path):
    calls.clear()
    first = ResultCache(tmp_path).run("powers", powers, base=2.0, n=4)
    again = ResultCache(tmp_path)
    second = again.run("powers", powers, base=2.0, n=4)
    assert calls == [(2.0, 4)]
    assert set(first) == set(second) == {"powers", "base"}
    assert np.array_equal(first["powers"], second["powers"])
    assert again.seconds["powers"] >= 0


def test_other_arguments_are_computed_anew(tmp_path):
    ResultCache(tmp_path).run("powers", powers, base=2.0, n=4)
    assert ResultCache(tmp_path).run("powers", powers, base=3.0, n=2)["powers"].tolist() == [1, 3]


def test_bound_arguments_are_passed_and_do_not_identify_a_result(tmp_path):
    calls.clear()
    for base in (2.0, 3.0):
        found = ResultCache(tmp_path).run("powers", partial(powers, base), n=2)
        assert found["powers"].tolist() == [1, 2]
    ResultCache(tmp_path).run("powers", partial(powers, 3.0), n=3)
    assert calls == [(2.0, 2), (3.0, 3)]


def test_arrays_with_equal_repr_are_different_arguments(tmp_path):
    first = np.zeros(5000)
    second = np.zeros(5000)
    second[2500] = 1
    assert repr(first) == repr(second)
    cache = ResultCache(tmp_path)
    sums = [cache.run("sum", lambda a: {"sum": a.sum()}, a=a)["sum"] for a in (first, second)]
    assert sums == [0, 1]


def test_the_digest_of_an_array_is_of_dtype_shape_and_contents():
    a = np.zeros((4, 4))
    b = a.copy()
    b[2, 2] = 1
    others = [b, a.reshape(2, 8), a.astype(np.float32), a.view(np.int64)]
    assert digest(a) == digest(a.copy()) == digest(np.asfortranarray(a))
    assert len({digest(other) for other in [a, *others]}) == 5


def test_a_damaged_result_is_reported_and_computed_again(tmp_path):
    ResultCache(tmp_path).run("powers", powers, base=2.0, n=4)
    (tmp_path / "powers.npz").write_bytes((tmp_path / "powers.npz").read_bytes()[:100])
    with pytest.warns(RuntimeWarning, match="damaged .* computing it again"):
        found = ResultCache(tmp_path).run("powers", powers, base=2.0, n=4)
    assert found["powers"].tolist() == [1, 2, 4, 8]


def test_without_a_folder_results_are_kept_in_memory(tmp_path, monkeypatch):
    calls.clear()
    monkeypatch.chdir(tmp_path)
    cache = ResultCache(None)
    for n in (4, 4, 5):
        assert len(cache.run("powers", powers, base=2.0, n=n)["powers"]) == n
    assert calls == [(2.0, 4), (2.0, 5)]
    assert cache.checkpoint("powers") is None
    assert os.listdir(tmp_path) == []


def test_a_computation_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        ResultCache(tmp_path).run("bad", lambda: {"a": 1 / 0})
    assert os.listdir(tmp_path) == []


def test_a_training_gets_a_checkpoint_that_is_removed_at_the_end(tmp_path):
    checkpoints = []

    def training(n, checkpoint, progress):
        checkpoints.append(checkpoint)
        for name in (checkpoint, f"{checkpoint}.previous"):
            open(name, "w").close()
        return {"n": n, "progress": progress}

    found = ResultCache(tmp_path).train("net", training, n=3)
    assert found == {"n": 3, "progress": False}
    assert checkpoints == [ResultCache(tmp_path).checkpoint("net")]
    assert os.listdir(tmp_path) == ["net.npz"]
    ResultCache(tmp_path).train("net", training, n=3)
    assert len(checkpoints) == 1


def test_progress_is_shown_on_a_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    cache = ResultCache(tmp_path, progress=True)
    cache.run("one", powers, base=2.0, n=4)
    cache.expect(3)
    for name in ("two", "two", "three"):
        cache.run(name, powers, base=2.0, n=4)
    said = re.sub(r"about \d+ s", "about 0 s", capsys.readouterr().err)
    assert said == (
        "result 1: one\nresult 2 of 3, about 0 s left: two\nresult 3 of 3, about 0 s left: three\n"
    )


def test_what_is_left_is_estimated_by_the_mean_of_what_is_done(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    cache = ResultCache(None, progress=True)
    cache.expect(4)
    cache.seconds.update(one=10.0, two=20.0)
    cache.run("three", powers, base=2.0, n=4)
    assert capsys.readouterr().err == "result 3 of 4, about 30 s left: three\n"


def test_no_progress_is_shown_elsewhere(tmp_path, capsys):
    ResultCache(tmp_path, progress=True).run("powers", powers, base=2.0, n=4)
    assert capsys.readouterr().err == ""


# ---- studies, pictures, reports


def test_a_table_of_uneven_rows_is_refused():
    with pytest.raises(ValueError, match="row of 1 entries; it must have 2"):
        Table("t", ("a", "b"), [(1, 2), (3,)])


def test_the_seeds_of_an_experiment():
    assert list(seed_range(3, 2)) == [3, 4]
    with pytest.raises(ValueError, match="seed = -1"):
        seed_range(-1, 2)
    with pytest.raises(ValueError, match="n_seeds = 0"):
        seed_range(0, 0)


def test_spread_is_mean_deviation_and_range():
    assert spread([79.84]) == "79.8"
    assert spread([1.0, 3.0]) == "2.0 ± 1.4 (1.0 to 3.0)"


def test_a_figure_has_a_panel_for_every_function():
    figure = draw(toy(ResultCache(None)), [[plot_powers, None], [plot_powers]])
    drawn = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_xlabel() for ax in drawn] == ["exponent", "exponent"]
    assert drawn[0].lines[0].get_color() == COLOURS[0]


def test_a_study_is_published_whole(tmp_path):
    study = toy(ResultCache(None))
    written = publish(study, {"toy": [[plot_powers]]}, tmp_path / "out", {"powers": 1.5})
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
        publish(toy(ResultCache(None)), {"toy": [[plot_powers]]}, tmp_path / name)
    assert (tmp_path / "a" / "toy.svg").read_bytes() == (tmp_path / "b" / "toy.svg").read_bytes()


# ---- the command


def test_the_command_computes_prints_and_resumes(registered, tmp_path, capsys):
    out = str(tmp_path / "out")
    for _ in range(2):
        command = ["reproduce", "toy", "--out", out, "--json", str(tmp_path / "toy.json")]
        assert main(command) == 0
    assert calls == [(2.0, 5)]
    said = capsys.readouterr().out
    assert "toy: reproduces" in said
    assert "=> 16" in said
    assert json.loads((tmp_path / "toy.json").read_text())["claims"][0]["holds"] is True


def test_options_of_the_experiment_reach_it(registered, tmp_path, capsys):
    assert main(["reproduce", "toy", "--base", "3", "--quick", "--out", str(tmp_path)]) == 0
    assert calls == [(3.0, 3)]
    assert "does not reproduce" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--quick", "--seed=1", "--seeds=2"])
def test_an_option_that_would_change_nothing_is_refused(registered, tmp_path, capsys, option):
    assert main(["reproduce", "plain", "--out", str(tmp_path)]) == 0
    with pytest.raises(SystemExit) as refused:
        main(["reproduce", "plain", option, "--out", str(tmp_path)])
    assert refused.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


def test_without_a_name_the_experiments_are_listed(registered, capsys):
    assert main(["reproduce"]) == 0
    assert "Toy: powers" in capsys.readouterr().out


def test_an_interrupted_command_reports_how_to_resume(registered, tmp_path, capsys, monkeypatch):
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


def test_an_unknown_experiment_is_refused():
    with pytest.raises(ValueError, match="experiment = 'figure-99' is unknown; choose one of"):
        experiments.load("figure-99")


@pytest.mark.parametrize("name", experiments.EXPERIMENTS)
def test_every_experiment_has_a_title_pictures_and_a_computation(name):
    module = experiments.load(name)
    assert name.split("-")[0] in ("t21", "n19", "l23")
    assert len(module.TITLE.splitlines()) == 1
    assert callable(module.compute)
    assert all(stem.startswith(name) for stem in module.FIGURES)
    for grid in module.FIGURES.values():
        for row in grid:
            assert all(callable(plot) or plot is None for plot in row)
