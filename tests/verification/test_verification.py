"""``verify`` confirms the ledger, with the same numbers everywhere, and rejects falsehoods."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

from gsae_ref.claims.evidence import Counterexample, Identity, Inequality, Measurement, Reading
from gsae_ref.claims.finding import MEASUREMENTS, at_least, at_most
from gsae_ref.claims.hypothesis import Hypothesis
from gsae_ref.papers.counterexamples import COUNTEREXAMPLES
from gsae_ref.papers.families import FAMILIES
from gsae_ref.papers.ledger import LEDGER
from gsae_ref.papers.row import Row
from gsae_ref.papers.t21 import families
from gsae_ref.papers.t21.support import formulas, statements
from gsae_ref.papers.teeth import REACHED
from gsae_ref.verification import VerificationReport, find_row, verify
from gsae_ref.verification import evidence as search

PAPERS = sorted({row.paper for row in LEDGER.values()})
SOME = ["T21-prop2", "T21-eq21", "T21-eq39", "T21-eq42", "T21-assumption2", "R3", "R6"]


@pytest.fixture(scope="session")
def whole():
    """A quick run of the whole ledger, and the rows that its callback received."""
    received = []
    return verify(quick=True, callback=received.append), received


@pytest.fixture(scope="module")
def some():
    return verify(only=SOME, quick=True)


def numbers(report):
    """Every number of a report by row and evidence."""
    return {(row.id, k): f.numbers for row in report.rows for k, f in enumerate(row.findings)}


# ---- the ledger


def test_every_recorded_verdict_is_confirmed(whole):
    report, _ = whole
    for row in report.rows:
        assert [(f.label, f.summary) for f in row.findings if not f.ok] == [], row.id
    assert report.ok
    assert report.counts["confirmed"] == report.counts["rows"] == len(LEDGER)
    assert [row.id for row in report.rows] == list(LEDGER)


def test_the_callback_receives_every_row_in_the_order_of_the_ledger(whole):
    report, received = whole
    assert tuple(received) == report.rows


def test_the_counts_add_up_and_the_summary_has_them(whole):
    report, _ = whole
    counts = dict(report.counts)
    assert counts.pop("rows") + counts.pop("confirmed") == 2 * sum(counts.values())
    total = f"{len(LEDGER)} of {len(LEDGER)}"
    assert report.summary().startswith(f"{total} recorded verdicts confirmed (")
    assert f"{counts['corrected']} corrected" in report.summary()


def test_the_report_is_written_as_json(whole, tmp_path):
    report, _ = whole
    report.to_json(tmp_path / "report.json")
    loaded = json.loads((tmp_path / "report.json").read_text())
    assert loaded["ok"] is True
    assert loaded["settings"] == {"papers": PAPERS, "quick": True, "rng": 0}
    assert [row["id"] for row in loaded["rows"]] == list(LEDGER)
    by_id = {row["id"]: row for row in loaded["rows"]}
    assert by_id["T21-prop2"]["findings"][0]["numbers"]["printed"]["left"] == "6/5"
    assert by_id["T21-eq20"]["same_as"] == "T21-prop1"
    for row, plain in zip(report.rows, loaded["rows"], strict=True):
        assert [f.summary for f in row.findings] == [f["summary"] for f in plain["findings"]]


def test_every_inequality_that_holds_was_tried_on_enough_instances_and_is_not_vacuous(whole):
    report, _ = whole
    tried = {}
    for row in report.rows:
        bounds = {
            item.label
            for item in LEDGER[row.id].evidence
            if getattr(item, "expect", "") == "holds" and item.label
        }
        for finding in row.findings:
            if finding.kind == "inequality" and finding.label in bounds:
                assert finding.numbers["drawn"] >= finding.numbers["instances"] >= 20
                assert finding.numbers["violations"] == 0
                tried[row.id, finding.label] = finding.numbers["worst_search"]
    assert len(tried) > 30
    small = {key for key, used in tried.items() if not 0.1 < used <= 1 + 1e-6}
    assert small <= set(REACHED)  # an instance is stored that uses more
    assert all(tried[key] <= 1 for key in small)


def test_a_row_of_the_report_has_the_fields_of_the_ledger(whole):
    for result in whole[0].rows:
        row = LEDGER[result.id]
        for name in (
            "number",
            "kind",
            "truth",
            "verdict",
            "printed",
            "reading",
            "repaired",
            "remark",
        ):
            assert getattr(result, name) == getattr(row, name)


def test_a_shared_row_shows_the_evidence_of_the_row_it_shares(whole):
    by_id = {row.id: row for row in whole[0].rows}
    assert by_id["T21-eq21"].findings == by_id["T21-prop2"].findings
    assert (by_id["T21-eq21"].same_as, by_id["T21-eq21"].number) == ("T21-prop2", "Eq. (21)")


# ---- the same numbers everywhere


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(some):
    again = verify(only=SOME, quick=True)
    other = verify(only=SOME, quick=True, rng=1)
    assert again == some
    assert other.ok
    assert numbers(other) != numbers(some)
    assert numbers(other)["R3", 0] != numbers(some)["R3", 0]


def test_the_numbers_do_not_depend_on_which_other_rows_run(whole, some):
    everything = numbers(whole[0])
    alone = numbers(verify(only=["r3"], quick=True))
    assert {key: everything[key] for key in numbers(some)} == numbers(some)
    assert alone["R3", 0] == everything["R3", 0]


def test_two_processes_give_the_numbers_of_one(some):
    received = []
    parallel = verify(only=SOME, quick=True, n_jobs=2, callback=received.append)
    assert numbers(parallel) == numbers(some)
    assert parallel == some
    assert tuple(received) == parallel.rows


def test_two_threads_give_the_numbers_of_one(some):
    assert verify(only=SOME, quick=True, n_jobs=2, backend="threading") == some


def test_a_dask_cluster_gives_the_numbers_of_one_process(some):
    distributed = pytest.importorskip("dask.distributed")
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=":0"):
        assert verify(only=SOME, quick=True, n_jobs=2, backend="dask") == some


def test_a_cluster_that_cannot_import_the_package_is_refused_at_once():
    distributed = pytest.importorskip("dask.distributed")

    def make_unimportable():
        import sys

        for name in [name for name in sys.modules if name.split(".")[0] == "gsae_ref"]:
            del sys.modules[name]
        sys.modules["gsae_ref"] = None

    with distributed.Client(n_workers=1, threads_per_worker=1, dashboard_address=":0") as client:
        client.run(make_unimportable)
        with pytest.raises(
            ImportError, match="Dask worker cannot import gsae_ref.*install it there"
        ):
            verify(only=["R0"], quick=True, backend="dask")


def test_quick_draws_fewer_instances():
    quick, full = (
        numbers(verify(only=["T21-eq39"], quick=quick))["T21-eq39", 1]["drawn"]
        for quick in (True, False)
    )
    assert quick < full


def test_papers_select_rows():
    own = verify(papers="own", quick=True, only=["R0", "R6"])
    assert [row.id for row in own.rows] == ["R0", "R6"]
    assert verify(papers=["own"], quick=True, only=["R0"]).settings["papers"] == ["own"]


def test_progress_goes_to_standard_error_only(capsys):
    assert verify(only=["T21-eq42"], quick=True, progress=True).ok
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "statement" in captured.err


def test_without_tqdm_there_is_no_bar_and_no_error(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert verify(only=["T21-eq42"], quick=True, progress=True).ok
    assert capsys.readouterr().err == ""


def test_without_joblib_the_message_has_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(
        ImportError, match=r"n_jobs = 2 needs joblib.*pip install 'gsae_ref\[parallel\]'"
    ):
        verify(only=["T21-eq42"], quick=True, n_jobs=2)
    assert verify(only=["T21-eq42"], quick=True).ok


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"papers": "X99"},
            ValueError,
            "papers = 'X99' is unknown; choose one of .*'T21', 'own', 'all'",
        ),
        ({"papers": ["T21", "X99"]}, ValueError, "papers = 'X99'"),
        ({"only": ["T21-prop3"]}, ValueError, "'T21-prop3' is unknown.*near matches: T21-prop"),
        ({"only": ["qqqqqq"]}, ValueError, "see gsae-ref verify --list"),
        (
            {"backend": "mpi"},
            ValueError,
            "backend = 'mpi' is unknown; choose one of 'loky', 'threading', 'dask'",
        ),
        ({"rng": -1}, ValueError, "rng = -1; it must be at least 0"),
        ({"rng": 0.5}, TypeError, "it must be an integer"),
        ({"rng": np.random.default_rng(0)}, TypeError, "it must be an integer"),
        (
            {"n_jobs": 0, "only": ["R0"]},
            ValueError,
            "n_jobs = 0; it must be a number of processes, or -1 for all cores; use n_jobs=1",
        ),
        ({"n_jobs": -2}, ValueError, "n_jobs = -2; it must be at least -1"),
        ({"only": []}, ValueError, "only = \\[\\] selects no statement; at least one must run"),
        ({"papers": []}, ValueError, "papers = \\[\\] selects no statement"),
        ({"backend": "dask", "only": ["R0"]}, ValueError, "no Dask client is active"),
    ],
)
def test_bad_arguments_are_refused_before_anything_runs(arguments, error, message):
    received = []
    with pytest.raises(error, match=message):
        verify(quick=True, callback=received.append, **arguments)
    assert received == []


def test_a_row_is_found_in_any_letter_case():
    assert find_row("T21-LEMMA1") is LEDGER["T21-lemma1"]


# ---- the report


def test_the_report_is_plain_data(whole):
    assert json.loads(json.dumps(whole[0].to_dict(), allow_nan=False))["ok"] is True


def test_an_empty_report_of_no_rows_has_no_unconfirmed_one():
    assert VerificationReport((), {}).counts == {"rows": 0, "confirmed": 0}


# ---- planted falsehoods


def evidence(row_id, label):
    return next(e for e in LEDGER[row_id].evidence if getattr(e, "label", "") == label)


def row_claiming(truth, *items):
    """A row in the place of Proposition 2, with this truth and evidence."""
    repaired = "As claimed." if len(items) > 1 else ""
    return Row(
        "T21-prop2",
        "T21",
        "Proposition 2",
        "inequality",
        truth,
        "A false claim.",
        repaired=repaired,
        evidence=items,
    )


def scaled(item, left=1.0, right=1.0):
    """The same item of evidence with its sides multiplied."""

    def sides(i):
        a, b = item.sides(i)
        return left * np.asarray(a), right * np.asarray(b)

    return replace(item, sides=sides)


def prop2(label, form, **fields):
    """Proposition 2 as functions of an instance."""

    def sides(i):
        bound = formulas.cross_term_bound(i.n_active, i.b_max, i.mu_block, i.delta, i.d, form)
        leaks = np.linalg.norm((i.A.T @ i.y).reshape(i.n_groups, i.d), axis=1)
        return leaks[~i.active].max(initial=0.0), bound

    return Inequality(label, "window", sides, statements.PROP2, **fields)


PRINTED = prop2("printed bound", "printed", expect="fails")
CORRECTED = prop2("corrected bound", "corrected")
DECOMPOSITION = Identity(
    "y group by group",
    "window",
    lambda i: (i.y, np.einsum("gni,gi->n", i.star, i.x.reshape(-1, i.d))),
)
PRINTED_SENTENCE = evidence("T21-prop2", "printed bound")
SENTENCE = evidence("T21-prop2", "corrected bound")
EQUATION = evidence("T21-eq19", "decomposition, every active group")
LEAK = "norm(A[v].T @ y) <= {} for v in inactive"
NEVER = Hypothesis("never", lambda i: -1.0)
HARDLY_EVER = Hypothesis("hardly ever", lambda i: i.x[-1] - 2.7)
GENERIC = Identity("y = y", "window", lambda i: (i.y, i.y))

FALSEHOODS = {
    "a printed sentence is claimed to hold": row_claiming(
        "holds", replace(PRINTED_SENTENCE, expect="holds")
    ),
    "a bound in a sentence times 0.997": row_claiming(
        "false",
        PRINTED_SENTENCE,
        replace(SENTENCE, conclusion=LEAK.format("0.997 * gamma * B_max * (d * mu + delta)")),
    ),
    "a sentence without a hypothesis": row_claiming(
        "holds", replace(SENTENCE, given=("norms bounded",))
    ),
    "a sentence whose hypotheses nothing meets": row_claiming(
        "holds", replace(SENTENCE, where=("delta < 0",))
    ),
    "a true sentence said to fail": row_claiming("false", replace(SENTENCE, expect="fails")),
    "an equation with a factor 1 + 1e-8": row_claiming(
        "holds", replace(EQUATION, conclusion="y == (1 + 1e-8) * y")
    ),
    "an equation said to fail": row_claiming("false", replace(EQUATION, expect="fails")),
    "the printed bound is claimed to hold": row_claiming("holds", replace(PRINTED, expect="holds")),
    "the corrected bound times 0.9": row_claiming("false", PRINTED, scaled(CORRECTED, right=0.9)),
    "the corrected bound times 0.997, found by search only": row_claiming(
        "false", PRINTED, scaled(CORRECTED, right=0.997)
    ),
    "the corrected bound without delta": row_claiming(
        "holds", replace(CORRECTED, sides=lambda i: CORRECTED.sides(replace(i, delta=0.0)))
    ),
    "the two sides exchanged": row_claiming(
        "holds", replace(CORRECTED, sides=lambda i: CORRECTED.sides(i)[::-1])
    ),
    "an identity with a factor 1.001": row_claiming("holds", scaled(DECOMPOSITION, left=1.001)),
    "an identity with a factor 1 + 1e-8": row_claiming(
        "holds", scaled(DECOMPOSITION, right=1 + 1e-8)
    ),
    "an identity with a wrong sign": row_claiming("holds", scaled(DECOMPOSITION, right=-1)),
    "an identity said to fail": row_claiming("false", replace(DECOMPOSITION, expect="fails")),
    "a true inequality said to fail": row_claiming(
        "false", replace(CORRECTED, expect="fails"), CORRECTED
    ),
    "a hypothesis that nothing meets": row_claiming(
        "holds", replace(CORRECTED, hypotheses=(NEVER,))
    ),
    "a hypothesis that hardly any instance meets": row_claiming(
        "holds", replace(CORRECTED, hypotheses=(HARDLY_EVER,))
    ),
    "an identity on no instance at all": row_claiming(
        "holds", replace(GENERIC, hypotheses=(NEVER,))
    ),
    "an identity said to fail on no instance at all": row_claiming(
        "false", replace(GENERIC, expect="fails", hypotheses=(NEVER,))
    ),
    "a violation expected on no instance at all": row_claiming(
        "false", replace(PRINTED, hypotheses=(NEVER,))
    ),
}


@pytest.mark.parametrize("name", FALSEHOODS)
def test_a_planted_falsehood_is_not_confirmed(monkeypatch, name):
    monkeypatch.setitem(LEDGER, "T21-prop2", FALSEHOODS[name])
    report = verify(only=["T21-eq7", "T21-prop2"], quick=True)
    assert not report.ok
    assert [row.confirmed for row in report.rows] == [True, False]
    assert report.counts["confirmed"] == 1
    assert report.to_dict()["ok"] is False
    assert report.summary().startswith("1 of 2 recorded verdicts confirmed")


def test_rows_that_share_the_evidence_of_a_false_row_fall_with_it(monkeypatch):
    monkeypatch.setitem(LEDGER, "T21-prop2", FALSEHOODS["the corrected bound times 0.9"])
    assert [row.confirmed for row in verify(only=["T21-eq21", "T21-eq38"], quick=True).rows] == [
        False,
        False,
    ]


@pytest.mark.parametrize(
    "spoilt", [{"size": ("0",) * 2}, {"slack": ("2",)}, {"S_tilt": ("0",) * 36}]
)
def test_a_counterexample_with_spoilt_data_is_not_confirmed(monkeypatch, spoilt):
    build = COUNTEREXAMPLES["T21-prop2"]
    monkeypatch.setitem(COUNTEREXAMPLES, "T21-prop2", lambda: build(**spoilt))
    report = verify(only=["T21-prop2"], quick=True)
    assert not report.ok
    assert [f.label for f in report.rows[0].findings if not f.ok] == ["T21-prop2"]
    assert report.rows[0].findings[0].summary.startswith("does NOT refute")


@pytest.mark.parametrize(
    "result",
    [
        at_most("error", 1e-3, 1e-12),
        at_least("gap", 0.01, 0.1),
        at_most("error", float("nan"), 1.0),
    ],
)
def test_a_measurement_that_misses_its_limit_is_not_confirmed(monkeypatch, result):
    monkeypatch.setitem(MEASUREMENTS, "network_by_loops", lambda rng, quick: result)
    report = verify(only=["T21-eq11", "T21-eq13", "T21-eq14"], quick=True)
    assert [row.confirmed for row in report.rows] == [False, False, True]


# ---- the pieces


def run_one(item):
    (finding,) = search.run("T21-prop2", item, np.random.default_rng(0), True)
    return finding


@pytest.mark.parametrize(
    "item",
    [
        CORRECTED,
        PRINTED,
        GENERIC,
        SENTENCE,
        EQUATION,
        Counterexample(),
        Measurement("jacobian"),
        Reading("as it says"),
    ],
)
def test_every_kind_of_evidence_runs_and_reports_its_finding(item):
    for finding in search.run("T21-prop2", item, np.random.default_rng(0), True):
        assert finding.ok
        assert finding.kind == getattr(item, "kind", type(item).__name__.lower())
        assert finding.summary
        assert bool(finding.detail) == (item in (CORRECTED, SENTENCE, Counterexample()))


def test_the_search_goes_beyond_the_random_instances():
    found = run_one(CORRECTED).numbers
    assert found["worst_random"] < found["worst_search"] <= 1 + 1e-9
    assert found["worst_search"] > 0.999


@pytest.mark.parametrize("expect", ["holds", "fails"])
@pytest.mark.parametrize(
    "sides", [(np.nan, 1.0), (0.5, np.nan), (np.inf, np.inf), (0.5, np.inf), (np.inf, 0.5)]
)
def test_a_side_that_is_not_finite_confirms_nothing(sides, expect):
    for item in (
        Inequality("no number", "window", lambda i: sides, expect=expect),
        Identity("no", "window", lambda i: sides, expect=expect),
    ):
        finding = run_one(item)
        assert not finding.ok
        assert "no finite number" in finding.summary


def test_rounding_is_no_failure_of_a_statement():
    for item in (
        Inequality("tie", "window", lambda i: (1.0 + 1e-8, 1.0), expect="fails"),
        Identity("tie", "window", lambda i: (1.0 + 1e-8, 1.0), expect="fails"),
    ):
        assert not run_one(item).ok


def test_violations_are_counted_one_by_one():
    half = Inequality("norm of y", "window", lambda i: (float(i.x[-1] > 0), 0.5), expect="fails")
    found = run_one(half).numbers
    assert found["drawn"] == found["instances"] == 300
    assert 100 < found["violations"] < 200


@pytest.mark.parametrize("name", sorted(families.MODEL))
def test_a_family_is_a_map_from_parameters_and_reaches_the_ends_of_its_ranges(name):
    family = FAMILIES[name]
    rng = np.random.default_rng(0)
    deltas = []
    for shape in family.shapes:
        for _ in range(30):
            theta = family.draw(shape, rng)
            one = family.build(shape, theta)
            two = family.build(shape, theta.copy())
            assert len(theta) == shape.n_parameters
            assert (
                one.A.shape
                == one.A_star.shape
                == (shape.n_features, shape.n_groups * shape.group_size)
            )
            np.testing.assert_array_equal(one.A, two.A)
            norms = [np.linalg.norm(x) for x in np.split(one.x, shape.n_groups)]
            active = [r for r in norms if r > 0]
            assert len(active) == shape.n_active
            assert 1 - 1e-9 <= min(active) <= max(active) <= one.b_max + 1e-9
            deltas.append(one.delta)
    assert min(deltas) < 1e-9
    assert max(deltas) > 0.01
