"""What was measured, as text and pictures: nothing is measured here."""

import textwrap

import numpy as np

from gsae_ref.experiments.common.publishing import COLOURS

PARTS = (
    "threshold",
    "shallow",
    "mini-batch",
    "training",
    "unfolded",
    "unfolded-sizes",
    "others",
    "crossover",
    "scaling",
    "roofline",
    "first-call",
)
BEGIN = "<!-- performance: written by benchmarks/report.py -->"
END = "<!-- end of performance -->"
LAZY = "remembering, compiled Adam"
ANEW = "kernel anew, compiled Adam"
TORCH_STEP = "torch eager, torch.optim.Adam"
JAX_STEP = "JAX jit, gradient and Adam in one"
SPARSE = "10000 samples, near the truth"
DENSE = "10000 samples, paper's start"
UNFOLDED = "10240 samples, trained"

# Part, key of the table, what it is, rival, how many times slower the rival should be at least.
TARGETS = [
    ("shallow", f"{SPARSE}, float64", "torch eager", 15),
    ("shallow", f"{SPARSE}, float64", "JAX jit", 10),
    ("shallow", f"{SPARSE}, float64", "Y A alone", 1),
    ("shallow", f"{SPARSE}, float32", "torch eager", 9),
    ("shallow", f"{SPARSE}, float32", "JAX jit", 4.5),
    *(
        (part, f"{key}, {dtype}", rival, factor)
        for part, key, asked in (
            ("shallow", DENSE, (("torch eager", 2), ("JAX jit", 1.1))),
            ("training", "training", ((TORCH_STEP, 25), (JAX_STEP, 13))),
            ("unfolded", UNFOLDED, (("torch", 10), ("JAX jit", 8), ("torch, Gram, repaired", 1.3))),
        )
        for dtype in ("float64", "float32")
        for rival, factor in asked
    ),
]
SIZES = (1, 2, 4, 8, 16, 64)
MEMORY = (("shallow", SPARSE, 150), ("shallow", DENSE, 150), ("unfolded", UNFOLDED, 200))


def found(results, part, key):
    """The table of this key, or None where it was not measured."""
    return next(
        (table for table in results.get(part, {}).get("tables", ()) if table["key"] == key), None
    )


def target_rows(results):
    """(what, asked, measured, reached, both repaired) of every target that was measured; the last is None where that was not."""
    rows = []
    for part, key, rival, factor in TARGETS:
        table = found(results, part, key)
        if table is None or rival not in table["seconds"]:
            continue
        seconds = table["seconds"]
        base = table["base"]
        ratio = seconds[rival] / seconds[base]
        better = seconds.get(f"{rival}, repaired"), seconds.get(f"{base}, repaired")
        rows.append(
            (
                f"{named(part, key)}: {rival}",
                f">= {factor} x",
                f"{ratio:.3g} x",
                ratio >= factor,
                f"{better[0] / better[1]:.3g} x" if all(better) else None,
            )
        )
    for dtype in ("float64", "float32"):
        tables = {
            size: found(results, "threshold", f"threshold, {size}, {dtype}") for size in SIZES
        }
        if all(tables.values()):
            worst, size = max(
                (t["seconds"]["kernel"] / t["seconds"]["copy"], size) for size, t in tables.items()
            )
            rows.append(
                (
                    f"threshold, {dtype}, groups of 1 to 64: a copy",
                    "<= 1.6 x",
                    f"{worst:.3g} x (groups of {size})",
                    worst <= 1.6,
                    None,
                )
            )
    for part, key, limit in MEMORY:
        for dtype in ("float64", "float32"):
            table = found(results, part, f"{key}, {dtype}")
            if table is not None and "extra_MiB" in table:
                peak = table["extra_MiB"]["kernel"] * 2**20 / 1e6
                rows.append(
                    (
                        f"{named(part, f'{key}, {dtype}')}: extra memory",
                        f"< {limit} MB",
                        f"{peak:.0f} MB",
                        peak < limit,
                        None,
                    )
                )
    for name, seconds in results.get("first-call", {}).get("seconds", {}).items():
        total = seconds["import numba"] + seconds["first call"]
        rows.append(
            (
                f"first call, warm cache, import of Numba included: {name}",
                "< 0.3 s",
                f"{total:.2f} s",
                total < 0.3,
                None,
            )
        )
    return rows


def named(part, key):
    return {"shallow": "gradient, ", "training": "", "unfolded": "unfolded gradient, "}[part] + key


def limit_rows(results):
    """(what, milliseconds, the limit, milliseconds of the limit) for the kernels: one product of matrices; bytes over bandwidth."""
    rows = []
    points = results.get("roofline", {}).get("points")
    for key in (SPARSE, DENSE):
        for dtype in ("float64", "float32"):
            table = found(results, "shallow", f"{key}, {dtype}")
            if table is not None:
                seconds = table["seconds"]
                factor, name = (1, "Y A alone in float32") if key == SPARSE else (5, "Y A alone")
                rows.append(
                    (
                        f"gradient, {key}, {dtype}",
                        seconds["kernel"],
                        f"{'one product' if factor == 1 else 'five products'} ({name})",
                        factor * seconds[name],
                    )
                )
    if points is None:
        return rows
    bandwidth = points["copy"]["bytes"] / points["copy"]["seconds"]
    peak = {
        dtype: points[f"Y A in {dtype}"]["operations"] / points[f"Y A in {dtype}"]["seconds"]
        for dtype in ("float64", "float32")
    }
    for dtype, size in (("float64", 8), ("float32", 4)):
        table = found(results, "training", f"training, {dtype}")
        if table is not None:
            moved = (
                10_000 * (950 * size + 500 * 4) + 11 * 950 * 1000 * size
            )  # samples, memory of the pairs, dictionary and Adam's arrays
            rows.append(
                (
                    f"a step of training, {dtype}",
                    table["seconds"][LAZY],
                    "bytes over bandwidth",
                    moved / bandwidth,
                )
            )
        table = found(results, "unfolded", f"{UNFOLDED}, {dtype}")
        if table is not None:
            work = 10_240 * (2 * 160**2 * 44 + 6 * 784 * 160)
            limit = "its dense products at the speed of Y A"
            rows.append(
                (
                    f"unfolded gradient, {UNFOLDED}, {dtype}",
                    table["seconds"]["kernel"],
                    limit,
                    work / peak[dtype],
                )
            )
        table = found(results, "others", f"Adam, {dtype}")
        if table is not None:
            rows.append(
                (
                    f"Adam, {dtype}",
                    table["seconds"]["numba"],
                    "bytes over bandwidth",
                    7 * 950 * 1000 * size / bandwidth,
                )
            )
    return rows


def faster_rivals(results):
    """(table, rival, how many times faster than we are), the strongest first; products alone and copies are no rivals."""
    rows = []
    for part in results.values():
        for table in part.get("tables", ()):
            if "seconds" not in table:
                continue
            ours = {"copy": "kernel"}.get(table["base"], table["base"])
            times = table["seconds"]
            for name, seconds in times.items():
                own = name.startswith(
                    ("kernel", "copy", "Y A", "A A^T A", "through the door")
                ) or name in (ANEW, "numba")
                fair = (
                    times.get(f"{ours}, repaired", times[ours])
                    if name.endswith("repaired")
                    else times[ours]
                )
                if not own and name != ours and seconds < 0.97 * fair:
                    rows.append((table["title"], name, fair / seconds))
    return sorted(rows, key=lambda row: -row[2])


# ----------------------------------------------------------------------------------------- pictures


def scaling_figure(part):
    """One panel for every size; dashed: the growth that counting operations gives, through the first point."""
    from matplotlib.figure import Figure
    from scaling import LABELS

    figure = Figure(figsize=(14, 3.4), layout="constrained")
    for ax, (name, one) in zip(
        figure.subplots(1, len(part["growth"]), sharey=True), part["growth"].items(), strict=True
    ):
        for colour, marker, (who, seconds) in zip(
            COLOURS, "os", one["seconds"].items(), strict=False
        ):
            values = np.array(one["values"])
            counted = one["operations"][who]
            ax.loglog(
                values,
                1e3 * np.array(seconds),
                marker + "-",
                color=colour,
                label=f"{who}: {one['fitted'][who]:.2f} ({counted:.2f})",
            )
            ax.loglog(
                values,
                1e3 * seconds[0] * (values / values[0]) ** counted,
                "--",
                color=colour,
                lw=0.8,
            )
        ax.set(xlabel=LABELS[name])
        ax.set_xticks(values, [f"{value:,}" for value in values], fontsize=8)
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(
            frameon=False, fontsize=7.5, title="exponent fitted (counted)", title_fontsize=7.5
        )
    figure.axes[0].set_ylabel("milliseconds")
    figure.axes[0].set_ylim(top=figure.axes[0].get_ylim()[1] * 6)  # room for the legends
    figure.suptitle(
        "One loss and exact gradient, float64; dashed: growth by counting operations", fontsize=10
    )
    return figure


def roofline_figure(part):
    """Operations a second over operations a byte, below the limits measured in the same run."""
    from matplotlib.figure import Figure

    points = part["points"]
    bandwidth = points["copy"]["bytes"] / points["copy"]["seconds"]
    figure = Figure(figsize=(7.5, 4.4), layout="constrained")
    ax = figure.subplots()
    intensity = np.logspace(-1.7, 4, 300)
    for name, style in (
        ("Y A in float64", "-"),
        ("Y A in float32", "--"),
        ("Y A in float32, repaired", ":"),
    ):
        if name in points:
            peak = points[name]["operations"] / points[name]["seconds"]
            ax.loglog(
                intensity,
                np.minimum(peak, bandwidth * intensity) / 1e9,
                style,
                color="#767676",
                lw=1.2,
                label=f"limit: copy; {name}",
            )
    kernels = [
        (name, point)
        for name, point in points.items()
        if point["operations"] and not name.startswith("Y A")
    ]
    for colour, marker, (name, point) in zip(COLOURS, "osD^vP", kernels, strict=False):
        ax.loglog(
            point["operations"] / point["bytes"],
            point["operations"] / point["seconds"] / 1e9,
            marker,
            color=colour,
            ms=8,
            label=name,
        )
    ax.set(xlabel="operations per byte that must move", ylabel="10$^9$ operations per second")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


# --------------------------------------------------------------------------------------------- text


def markdown(results):
    """The report."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `python -m benchmarks.report`. Every result was compared with the reference before it was timed; rivals",
        'took turns in one session, medians. "Repaired": a process of its own whose BLAS was told what the processor can do, see',
        "`benchmarks/repaired.py`; the others as they are installed.",
        "",
    ]
    lines += [
        *missing_text(results),
        *targets_text(results),
        *limits_text(results),
        *faster_text(results),
    ]
    for name, part in results.items():
        about = ", ".join(f"{key} {value}" for key, value in part["about"].items())
        facts = [f"{part['minutes']:.1f} minutes"]
        facts += (
            [f"at most {part['peak_MiB']} MiB held by the process"]
            if part["peak_MiB"] is not None
            else []
        )
        facts += (
            [f"{part['disturbed']:.0%} of the processors' work was somebody else's"]
            if part.get("disturbed") is not None
            else []
        )
        lines += [f"## {name}", "", f"{about}. {', '.join(facts)}.", ""]
        lines += [f"*{part['note']}*", ""] if "note" in part else []
        lines += PART_TEXT.get(name, tables_text)(part)
    return "\n".join(lines).rstrip() + "\n"


def rows_text(head, rows):
    """A Markdown table."""
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(map(str, row)) + " |" for row in rows),
        "",
    ]


def missing_text(results):
    """What the reader does not find, and what spoils what he does find."""
    missing = [name for name in PARTS if name not in results]
    notes = [f"{name}: {part['note']}" for name, part in results.items() if "note" in part]
    lines = ["Not measured yet: " + ", ".join(missing) + "."] if missing else []
    return [" ".join([*lines, *notes]), ""] if lines or notes else []


def targets_text(results):
    rows = [
        (what, asked, measured, "reached" if reached else "**missed**", better or "")
        for what, asked, measured, reached, better in target_rows(results)
    ]
    return ["## Targets", "", *rows_text(("", "asked", "measured", "", "both repaired"), rows)]


def limits_text(results):
    rows = [
        (what, f"{1e3 * ours:.3g}", limit, f"{1e3 * least:.3g}", f"{ours / least:.2f} x")
        for what, ours, limit, least in limit_rows(results)
    ]
    return [
        "## Distance from the machine's limits",
        "",
        *rows_text(("", "ms", "limit", "ms", "distance"), rows),
    ]


def faster_text(results):
    rows = [(title, name, f"{ratio:.2f} x") for title, name, ratio in faster_rivals(results)]
    text = (
        rows_text(("where", "who", "faster by"), rows)
        if rows
        else ["Nowhere in what was measured.", ""]
    )
    return ["## Where somebody else is faster", "", *text]


def tables_text(part):
    lines = []
    for table in part["tables"]:
        lines += [f"### {table['title']}", ""]
        if "seconds" in table:
            seconds = table["seconds"]
            base = table["seconds"][table["base"]]
            memory = table.get("extra_MiB", {})
            if memory:
                lines += [
                    "Peak of extra memory: "
                    + ", ".join(f"{name} {value} MiB" for name, value in memory.items())
                    + ".",
                    "",
                ]
            lines += rows_text(
                ("", "ms", f"x {table['base']}"),
                [(name, f"{1e3 * s:.3g}", f"{s / base:.2f}") for name, s in seconds.items()],
            )
        else:
            lines += rows_text(
                ("", "ratio"), [(name, f"{ratio:.2f}") for name, ratio in table["ratios"].items()]
            )
    return lines


def growth_text(part):
    rows = [
        (
            name,
            *(
                f"{one[how][who]:.2f}"
                for who in ("kernel", "reference")
                for how in ("fitted", "operations", "bytes")
            ),
        )
        for name, one in part["growth"].items()
    ]
    head = (
        "size",
        "kernel, fitted",
        "operations",
        "bytes",
        "reference, fitted",
        "operations",
        "bytes",
    )
    return [
        "Exponents of the growth with each size, and what counting operations and bytes gives.",
        "",
        *rows_text(head, rows),
        "![scaling](scaling.svg)",
        "",
    ]


def roofline_text(part):
    rows = [
        (
            name,
            f"{p['operations'] / p['seconds'] / 1e9:.3g}",
            f"{p['bytes'] / p['seconds'] / 1e9:.3g}",
        )
        for name, p in part["points"].items()
    ]
    return [
        *rows_text(("", "10^9 operations/s", "10^9 bytes/s"), rows),
        "![roofline](roofline.svg)",
        "",
    ]


def first_text(part):
    columns = list(next(iter(part["seconds"].values())))
    rows = [
        (name, *(f"{seconds[column]:.3f}" for column in columns))
        for name, seconds in part["seconds"].items()
    ]
    return [
        "Seconds in new processes, medians; code compiled before is read from disk, but for the last column.",
        "",
        *rows_text(("", *columns), rows),
    ]


PART_TEXT = {"scaling": growth_text, "roofline": roofline_text, "first-call": first_text}


def section(results):
    """The README's section, without its marks."""
    about = next(iter(results.values()))["about"]
    rows = []
    for part, key, ours, rivals in (
        ("shallow", SPARSE, "kernel", ("reference", "torch eager", "JAX jit", "SciPy CSR codes")),
        ("shallow", DENSE, "kernel", ("reference", "torch eager", "JAX jit", "SciPy CSR codes")),
        ("training", "training", LAZY, ("reference, NumPy's Adam", TORCH_STEP, JAX_STEP, None)),
        ("unfolded", UNFOLDED, "kernel", ("reference", "torch", "JAX jit", None)),
    ):
        for dtype in ("float64", "float32"):
            table = found(results, part, f"{key}, {dtype}")
            if table is not None:
                seconds = table["seconds"]
                ratios = [
                    f"{seconds[rival] / seconds[ours]:.3g}" if rival in seconds else ""
                    for rival in rivals
                ]
                rows.append(
                    (f"{README_NAMES[key]}, {dtype}", f"{1e3 * seconds[ours]:.3g} ms", *ratios)
                )
    targets = target_rows(results)
    missed = [
        f"{what} {measured} (asked {asked})"
        for what, asked, measured, reached, _ in targets
        if not reached
    ]
    faster = faster_rivals(results)
    lines = [
        f"How many times as long the others take, taking turns on {about['threads']} threads ({about['processor']}; NumPy {about['numpy']}, "
        f"torch {about['torch']}, JAX {about['jax']}), everybody as installed and every result compared before it was timed:",
        "",
        *rows_text(("", "compiled", "NumPy reference", "torch", "JAX, jit", "SciPy CSR"), rows),
        f"{len(targets) - len(missed)} of the {len(targets)} targets that were measured are reached"
        + (f"; missed: {'; '.join(missed)}." if missed else "."),
        "",
    ]
    if faster:
        title, name, ratio = faster[0]
        lines += [
            f"Somebody else is faster in {len(faster)} comparisons, most of all {name}, {ratio:.2g} times ({title}).",
            "",
        ]
    lines += missing_text(results)
    lines += [
        "All tables, who is faster where, growth with every size, the distance from the machine's limits, and torch with its BLAS repaired: "
        "[`benchmarks/results`](benchmarks/results/report.md). `python -m benchmarks.report` measures it anew (extras `bench` and `peers`)."
    ]
    return "\n".join(line if line.startswith("|") else textwrap.fill(line, 145) for line in lines)


README_NAMES = {
    SPARSE: "gradient, N = 10,000, n = 950, 500 groups of 2, 1 % active",
    DENSE: "the same, half of the groups active",
    "training": "a step of training near the truth",
    UNFOLDED: "unfolded, 15 steps and back, N = 10,240",
}


def replaced(text, new):
    """The text with what stands between the marks replaced."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{new}\n{END}{rest.split(END)[1]}"
