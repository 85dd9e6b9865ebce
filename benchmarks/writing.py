"""The report on what was measured, as text and pictures; nothing is measured here."""

from typing import NamedTuple

import numpy as np
from timing import products_line

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
CACHED = "cached, compiled Adam"
TORCH_STEP = "torch eager, torch.optim.Adam"
JAX_STEP = "JAX jit, gradient and Adam in one"
SPARSE = "10000 samples, near the truth"
DENSE = "10000 samples, paper's start"
UNFOLDED = "10240 samples, trained"
DTYPES = ("float64", "float32")
BYTES = {"float64": 8, "float32": 4}

# For a part and the key of a table: rivals, and how many times slower each should be at least.
FACTORS = {
    ("shallow", f"{SPARSE}, float64"): {"torch eager": 15, "JAX jit": 10, "Y A alone": 1},
    ("shallow", f"{SPARSE}, float32"): {"torch eager": 9, "JAX jit": 4.5},
    **{("shallow", f"{DENSE}, {d}"): {"torch eager": 2, "JAX jit": 1.1} for d in DTYPES},
    **{("training", f"training, {d}"): {TORCH_STEP: 25, JAX_STEP: 13} for d in DTYPES},
    **{
        ("unfolded", f"{UNFOLDED}, {d}"): {"torch": 10, "JAX jit": 8, "torch, Gram": 1.3}
        for d in DTYPES
    },
}
SIZES = (1, 2, 4, 8, 16, 64)
COPY_FACTOR = 1.6  # the threshold over a copy, at most
MEMORY = {("shallow", SPARSE): 150, ("shallow", DENSE): 150, ("unfolded", UNFOLDED): 200}  # MB
FIRST_CALL = 0.3  # seconds

# Names in a table that are no rivals: kernels, and single products and copies for comparison.
NO_RIVALS = ("kernel", "copy", "Y A", "A A^T A", "public function", "numba")


class Target(NamedTuple):
    """A limit that was set in advance, and what was measured."""

    what: str
    limit: str
    measured: str
    reached: bool


def find_table(results, part, key):
    """The table with this key, or None where it was not measured."""
    tables = results.get(part, {}).get("tables", ())
    return next((table for table in tables if table["key"] == key), None)


def label(part, key):
    return {"shallow": "gradient, ", "training": "", "unfolded": "unfolded gradient, "}[part] + key


# ------------------------------------------------------------------------------- targets and limits


def targets(results):
    """Every target whose table was measured."""
    return [
        *factor_targets(results),
        *copy_targets(results),
        *memory_targets(results),
        *first_call_targets(results),
    ]


def factor_targets(results):
    """Rivals should be slower by given factors."""
    for (part, key), factors in FACTORS.items():
        table = find_table(results, part, key)
        seconds = {} if table is None else table["seconds"]
        for rival, factor in factors.items():
            if rival in seconds:
                ratio = seconds[rival] / seconds[table["base"]]
                what = f"{label(part, key)}: {rival}"
                yield Target(what, f">= {factor} x", f"{ratio:.3g} x", ratio >= factor)


def copy_targets(results):
    """The threshold should take little longer than a copy, for every group size."""
    for dtype in DTYPES:
        tables = {
            size: find_table(results, "threshold", f"threshold, {size}, {dtype}") for size in SIZES
        }
        if all(tables.values()):
            ratios = {
                size: table["seconds"]["kernel"] / table["seconds"]["copy"]
                for size, table in tables.items()
            }
            size = max(ratios, key=ratios.get)
            yield Target(
                f"threshold, {dtype}, groups of 1 to 64: a copy",
                f"<= {COPY_FACTOR} x",
                f"{ratios[size]:.3g} x (groups of {size})",
                ratios[size] <= COPY_FACTOR,
            )


def memory_targets(results):
    """The kernels should allocate little memory."""
    for (part, start), limit in MEMORY.items():
        for dtype in DTYPES:
            key = f"{start}, {dtype}"
            table = find_table(results, part, key)
            if table is not None and "extra_MiB" in table:
                peak = table["extra_MiB"]["kernel"] * 2**20 / 1e6
                what = f"{label(part, key)}: extra memory"
                yield Target(what, f"< {limit} MB", f"{peak:.0f} MB", peak < limit)


def first_call_targets(results):
    """The first call in a process should be fast once the code was compiled."""
    for name, seconds in results.get("first-call", {}).get("seconds", {}).items():
        total = seconds["import numba"] + seconds["first call"]
        what = f"first call, warm cache, import of Numba included: {name}"
        yield Target(what, f"< {FIRST_CALL} s", f"{total:.2f} s", total < FIRST_CALL)


def limits(results):
    """(what, seconds, the limit of the machine, seconds of that limit) of the kernels."""
    rows = [*product_limits(results)]
    points = results.get("roofline", {}).get("points")
    return rows if points is None else rows + [*roofline_limits(results, points)]


def product_limits(results):
    """Gradients beside one or five products of matrices."""
    for key, count, product in ((SPARSE, 1, "Y A alone in float32"), (DENSE, 5, "Y A alone")):
        for dtype in DTYPES:
            table = find_table(results, "shallow", f"{key}, {dtype}")
            if table is not None:
                seconds = table["seconds"]
                limit = f"{'one product' if count == 1 else 'five products'} ({product})"
                what = f"gradient, {key}, {dtype}"
                yield what, seconds["kernel"], limit, count * seconds[product]


def roofline_limits(results, points):
    """Trainings, unfolded gradients and Adam beside bandwidth and speed of the machine."""
    bandwidth = points["copy"]["bytes"] / points["copy"]["seconds"]
    for dtype, size in BYTES.items():
        product = points[f"Y A in {dtype}"]
        peak = product["operations"] / product["seconds"]
        table = find_table(results, "training", f"training, {dtype}")
        if table is not None:
            # Samples, cache of the screen, dictionary and arrays of Adam.
            moved = 10_000 * (950 * size + 500 * 4) + 11 * 950 * 1000 * size
            ours = table["seconds"][CACHED]
            yield f"a step of training, {dtype}", ours, "bytes over bandwidth", moved / bandwidth
        table = find_table(results, "unfolded", f"{UNFOLDED}, {dtype}")
        if table is not None:
            work = 10_240 * (2 * 160**2 * 44 + 6 * 784 * 160)
            what = f"unfolded gradient, {UNFOLDED}, {dtype}"
            ours = table["seconds"]["kernel"]
            yield what, ours, "its dense products at the speed of Y A", work / peak
        table = find_table(results, "others", f"Adam, {dtype}")
        if table is not None:
            moved = 7 * 950 * 1000 * size
            ours = table["seconds"]["numba"]
            yield f"Adam, {dtype}", ours, "bytes over bandwidth", moved / bandwidth


def faster_rivals(results):
    """(table, rival, how many times faster than the kernel), the fastest first."""
    rows = []
    for part in results.values():
        for table in part.get("tables", ()):
            seconds = table.get("seconds", {})
            ours = "kernel" if table.get("base") == "copy" else table.get("base")
            for name, value in seconds.items():
                is_rival = name != ours and not name.startswith(NO_RIVALS)
                if is_rival and value < 0.97 * seconds[ours]:
                    rows.append((table["title"], name, seconds[ours] / value))
    return sorted(rows, key=lambda row: -row[2])


# ----------------------------------------------------------------------------------------- pictures


def scaling_figure(part):
    """One panel for every size; dashed: the growth by counting operations, from the first point."""
    from matplotlib.figure import Figure
    from scaling import LABELS

    figure = Figure(figsize=(14, 3.4), layout="constrained")
    axes = figure.subplots(1, len(part["growth"]), sharey=True)
    for ax, (name, growth) in zip(axes, part["growth"].items(), strict=True):
        for colour, marker, who in zip(COLOURS, "os", growth["seconds"], strict=False):
            values = np.array(growth["values"])
            milliseconds = 1e3 * np.array(growth["seconds"][who])
            counted = growth["operations"][who]
            text = f"{who}: {growth['fitted'][who]:.2f} ({counted:.2f})"
            ax.loglog(values, milliseconds, f"{marker}-", color=colour, label=text)
            expected = milliseconds[0] * (values / values[0]) ** counted
            ax.loglog(values, expected, "--", color=colour, lw=0.8)
        ax.set(xlabel=LABELS[name])
        ax.set_xticks(values, [f"{value:,}" for value in values], fontsize=8)
        ax.minorticks_off()
        ax.spines[["top", "right"]].set_visible(False)
        title = "exponent fitted (counted)"
        ax.legend(frameon=False, fontsize=7.5, title=title, title_fontsize=7.5)
    axes[0].set_ylabel("milliseconds")
    axes[0].set_ylim(top=axes[0].get_ylim()[1] * 6)  # room for the legends
    title = "One loss and exact gradient, float64; dashed: growth by counting operations"
    figure.suptitle(title, fontsize=10)
    return figure


def roofline_figure(part):
    """Operations per second over operations per byte, below the limits of the machine."""
    from matplotlib.figure import Figure

    points = part["points"]
    bandwidth = points["copy"]["bytes"] / points["copy"]["seconds"]
    figure = Figure(figsize=(7.5, 4.4), layout="constrained")
    ax = figure.subplots()
    intensity = np.logspace(-1.7, 4, 300)
    for name, style in (("Y A in float64", "-"), ("Y A in float32", "--")):
        peak = points[name]["operations"] / points[name]["seconds"]
        limit = np.minimum(peak, bandwidth * intensity) / 1e9
        ax.loglog(intensity, limit, style, color="#767676", lw=1.2, label=f"limit: copy; {name}")
    kernels = {
        name: point
        for name, point in points.items()
        if point["operations"] and not name.startswith("Y A")
    }
    for colour, marker, (name, point) in zip(COLOURS, "osD^vP", kernels.items(), strict=False):
        x = point["operations"] / point["bytes"]
        y = point["operations"] / point["seconds"] / 1e9
        ax.loglog(x, y, marker, color=colour, ms=8, label=name)
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
        "Written by `python -m benchmarks.report`. Times are medians of interleaved runs; every",
        "result was checked against the reference before it was timed. An own product is the time",
        "of Y A by the library itself: where it is slow, the library uses this processor badly.",
        "",
        *notes_text(results),
        *targets_text(results),
        *limits_text(results),
        *faster_text(results),
    ]
    for name, part in results.items():
        lines += part_text(name, part)
    return "\n".join(lines).rstrip() + "\n"


def rows_text(head, rows):
    """A Markdown table."""
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(map(str, row)) + " |" for row in rows),
        "",
    ]


def notes_text(results):
    """Parts that are missing, and notes on the others."""
    missing = [name for name in PARTS if name not in results]
    notes = ["Not measured yet: " + ", ".join(missing) + "."] if missing else []
    notes += [f"{name}: {part['note']}" for name, part in results.items() if "note" in part]
    return [" ".join(notes), ""] if notes else []


def targets_text(results):
    rows = [
        (target.what, target.limit, target.measured, "reached" if target.reached else "**missed**")
        for target in targets(results)
    ]
    return ["## Targets", "", *rows_text(("", "target", "measured", ""), rows)]


def limits_text(results):
    rows = [
        (what, f"{1e3 * ours:.3g}", limit, f"{1e3 * least:.3g}", f"{ours / least:.2f} x")
        for what, ours, limit, least in limits(results)
    ]
    head = ("", "ms", "limit", "ms", "distance")
    return ["## Distance from the limits of the machine", "", *rows_text(head, rows)]


def faster_text(results):
    rows = [(title, name, f"{ratio:.2f} x") for title, name, ratio in faster_rivals(results)]
    text = rows_text(("where", "rival", "faster by"), rows) if rows else ["None was measured.", ""]
    return ["## Faster rivals", "", *text]


def part_text(name, part):
    """The section of one part: the machine, and the tables."""
    about = ", ".join(f"{key} {value}" for key, value in part["about"].items())
    facts = [f"{part['minutes']:.1f} minutes"]
    if part["peak_MiB"] is not None:
        facts.append(f"peak memory {part['peak_MiB']} MiB")
    if part.get("disturbed") is not None:
        facts.append(f"{part['disturbed']:.0%} of the processor time was used by other processes")
    lines = [f"## {name}", "", f"{about}. {', '.join(facts)}.", ""]
    if "note" in part:
        lines += [f"*{part['note']}*", ""]
    writers = {"scaling": growth_text, "roofline": roofline_text, "first-call": first_text}
    return lines + writers.get(name, tables_text)(part)


def tables_text(part):
    lines = []
    for table in part["tables"]:
        lines += [f"### {table['title']}", ""]
        if "ratios" in table:
            rows = [(name, f"{ratio:.2f}") for name, ratio in table["ratios"].items()]
            lines += rows_text(("", "ratio"), rows)
            continue
        memory = ", ".join(f"{who} {MiB} MiB" for who, MiB in table.get("extra_MiB", {}).items())
        if memory:
            lines += [f"Peak of extra memory: {memory}.", ""]
        if "own_products" in table:
            line = products_line(table["own_products"])
            lines += [f"{line[0].upper()}{line[1:]}.", ""]
        base = table["seconds"][table["base"]]
        rows = [(name, f"{1e3 * s:.3g}", f"{s / base:.2f}") for name, s in table["seconds"].items()]
        lines += rows_text(("", "ms", f"x {table['base']}"), rows)
    return lines


def growth_text(part):
    rows = []
    for name, growth in part["growth"].items():
        exponents = [
            growth[how][who]
            for who in ("kernel", "reference")
            for how in ("fitted", "operations", "bytes")
        ]
        rows.append((name, *(f"{exponent:.2f}" for exponent in exponents)))
    counted = ("operations", "bytes")
    return [
        "Exponents of the growth with each size: fitted, and by counting operations and bytes.",
        "",
        *rows_text(("size", "kernel, fitted", *counted, "reference, fitted", *counted), rows),
        "![scaling](scaling.svg)",
        "",
    ]


def roofline_text(part):
    rows = []
    for name, point in part["points"].items():
        rates = [point[what] / point["seconds"] / 1e9 for what in ("operations", "bytes")]
        rows.append((name, *(f"{rate:.3g}" for rate in rates)))
    head = ("", "10^9 operations/s", "10^9 bytes/s")
    return [*rows_text(head, rows), "![roofline](roofline.svg)", ""]


def first_text(part):
    columns = list(next(iter(part["seconds"].values())))
    rows = [
        (name, *(f"{seconds[column]:.3f}" for column in columns))
        for name, seconds in part["seconds"].items()
    ]
    return [
        "Seconds in new processes, medians; the code is read from disk but for the last column.",
        "",
        *rows_text(("", *columns), rows),
    ]
