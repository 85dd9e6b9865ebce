"""Run the benchmarks several times over and write a report on paired ratios.

    python -m benchmarks.report --out DIR                    five rounds of everything
    python -m benchmarks.report --out DIR --rounds 3 --only test_adam test_door
    python -m benchmarks.report --out DIR --rounds 0         no run: write the report again
    python -m benchmarks.report --out DIR --full-size        the sizes of the papers, some hours

A ratio is taken within a round, where both rows were measured minutes apart at most, and the median
over the rounds is reported: the speed of the machine may drift from round to round. Every part of a
round is kept in DIR/rounds as pytest-benchmark wrote it; one that is there is not run again, so a
run that was stopped can be continued. Written besides: report.json, report.md, scaling.svg and
roofline.svg. Nothing is written elsewhere.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = [path.stem for path in sorted(HERE.glob("test_*.py"))]
OURS = "numba"  # the row that others are divided by; without it the first
# Why a row is faster: what the title of its table and its own name contain, and the reason.
REASONS = (
    (("Adam", "torch"), "it uses two threads; threads of Python start too late for 1 ms"),
    (
        ("half active",),
        "both take five products; the kernel cuts its own into fixed blocks, for the same bits on "
        "any number of threads",
    ),
    (("support window", "NumPy sort"), "NumPy sorts float32 faster than it partitions"),
    (("support window", "torch"), "it uses two threads, NumPy one"),
    (("screening", "torch"), "it uses two threads, the screen one; on one it is no faster"),
    (("threshold:",), "it uses two threads, the first row one: see the row of all threads"),
    (("grouped epochs",), "the kernel takes one thread, and one row of X at a time"),
    (
        ("convolution", "4 groups"),
        "the patches of a group are copied in runs of 8 numbers, most of the time",
    ),
    (("new process",), "the import alone, a part of the first row"),
    (
        ("small problems", "reference"),
        'the kernel is called by force; engine="auto" takes this row',
    ),
)
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report", description="Write a report on paired ratios."
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--rounds", type=int, default=5, help="times to run each part (default 5)")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", default=PARTS)
    parser.add_argument("--full-size", action="store_true", help="also the sizes of the papers")
    arguments, options = parser.parse_known_args(argv)
    options += ["--full-size"] * arguments.full_size
    if arguments.rounds and arguments.out.resolve() == HERE / "results":
        refuse_forced_kernels(parser)
    folder = arguments.out / "rounds"
    folder.mkdir(parents=True, exist_ok=True)
    broken = []
    try:
        for number, part in rounds(arguments.rounds, arguments.only):
            path = folder / f"{number:02}-{part}.json"
            if not path.exists() and not run_part(part, path, options):
                broken.append(part)
    except KeyboardInterrupt:
        print("\nstopped; the parts that ran are reported")
    paths = sorted(folder.glob("*.json"))
    if paths:
        publish(gather([read(path) for path in paths]), arguments.out)
    if broken:
        print(f"a benchmark failed, see above, in: {', '.join(dict.fromkeys(broken))}")
    return 1 if broken or not paths else 0


def refuse_forced_kernels(parser):
    """The kept results are those of BLAS as a user has it."""
    from gsae_ref.versions import FORCING

    forced = [f"-u {name}" for name in FORCING if os.environ.get(name)]
    if forced:
        parser.error(
            f"kept results are taken without variables that force a BLAS kernel; "
            f"run env {' '.join(forced)} python -m benchmarks.report ..."
        )


def rounds(count, parts):
    """(round, part), all parts of a round before the next round; announces each."""
    for number in range(1, count + 1):
        for k, part in enumerate(parts, 1):
            print(f"round {number} of {count}, part {k} of {len(parts)}: {part}", flush=True)
            yield number, part


def run_part(part, path, options):
    """Run one file of benchmarks; its JSON appears at ``path`` when all of it was measured."""
    partial = path.with_suffix(".partial")
    command = [sys.executable, "-m", "pytest", str(HERE / f"{part}.py"), "-q", "--no-header"]
    command += [f"--benchmark-json={partial}", "--benchmark-quiet", *options]
    try:
        status = subprocess.run(command, cwd=HERE.parent, check=False).returncode
        if status == 2:
            raise KeyboardInterrupt
        if status in (0, 1):  # else nothing was measured
            os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return status in (0, 5)  # 5: no benchmark was chosen


# ---------------------------------------------------------------------------------------- numbers


def read(path):
    """(round, what pytest-benchmark wrote) of a part."""
    return int(path.name.partition("-")[0]), json.loads(path.read_text(encoding="utf-8"))


def gather(runs):
    """The numbers of a report from pairs (round, JSON of pytest-benchmark).

    Returns ``{"machine": ..., "date": ..., "tables": {group: {row: {"seconds": [...], **facts}}}}``
    with one median for each round, in seconds; None where a round lacks the row.
    """
    machines = {json.dumps(run["machine_info"]["gsae_ref"], sort_keys=True) for _, run in runs}
    if len(machines) > 1:
        raise SystemExit(
            "the rounds were measured on different machines or with different settings; "
            "use a new --out folder for each"
        )
    numbers = sorted({number for number, _ in runs})
    tables = {}
    for number, run in runs:
        for each in run["benchmarks"]:
            table = tables.setdefault(each["group"], {})
            empty = {"seconds": [None] * len(numbers), **each["extra_info"]}
            row = table.setdefault(each["name"], empty)
            median = float(f"{each['stats']['median']:.4g}")
            row["seconds"][numbers.index(number)] = median
    dates = sorted(run["datetime"][:10] for _, run in runs)
    return {"machine": json.loads(machines.pop()), "date": dates[0], "tables": tables}


def seconds(row):
    """Median of a row over the rounds that have it."""
    return statistics.median(value for value in row["seconds"] if value is not None)


def base_of(table):
    return OURS if OURS in table else next(iter(table))


def paired_ratios(table):
    """For every row its times over those of the base, round by round."""
    base = table[base_of(table)]["seconds"]
    ratios = {}
    for name, row in table.items():
        pairs = zip(row["seconds"], base, strict=True)
        ratios[name] = [ours / theirs for ours, theirs in pairs if ours and theirs]
    return ratios


def faster_rivals(tables):
    """(group, row, how many times faster), the fastest first: rows that compute what ours does."""
    found = []
    for group, table in tables.items():
        for name, ratios in paired_ratios(table).items():
            own = name.startswith((OURS, "gs.")) or table[name].get("is_limit")
            if not own and ratios and statistics.median(ratios) < 0.97:
                found.append((group, name, 1 / statistics.median(ratios)))
    return sorted(found, key=lambda row: -row[2])


def curves(tables):
    """{sweep: {row: [(value, seconds, operations, bytes), ...]}} of the rows that are points."""
    found = {}
    for table in tables.values():
        for name, row in table.items():
            if "sweep" in row:
                counted = row["expected_operations"], row["expected_bytes"]
                point = row["value"], seconds(row), *counted
                found.setdefault(row["sweep"], {}).setdefault(name, []).append(point)
    return {
        sweep: {name: sorted(points) for name, points in rows.items()}
        for sweep, rows in found.items()
    }


def exponent(points, column=1):
    """Slope of log cost over log size, by least squares."""
    import numpy as np

    slope = np.polyfit(*np.log([[p[0], p[column]] for p in points]).T, 1)[0]
    return round(float(slope), 6) + 0.0  # never -0.0


# --------------------------------------------------------------------------------------- pictures


def publish(report, folder):
    """Write the numbers, the pictures and the text."""
    drawn = {"scaling": scaling_figure(report), "roofline": roofline_figure(report)}
    for name, figure in drawn.items():
        if figure is not None:
            write(folder / f"{name}.svg", lambda path, figure=figure: save(figure, path))
    write(folder / "report.json", lambda path: path.write_text(json.dumps(report, indent=1) + "\n"))
    text = markdown(report, [name for name, figure in drawn.items() if figure is not None])
    write(folder / "report.md", lambda path: path.write_text(text, encoding="utf-8"))
    print(folder / "report.md")


def write(path, writer):
    """Write a file that is whole at every moment."""
    temporary = path.with_name(path.name + ".partial")
    writer(temporary)
    os.replace(temporary, path)


def save(figure, path):
    """Save as SVG; the same numbers give the same file."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "gsae_ref"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def scaling_figure(report):
    """A panel for every size swept; dashed: growth by counting operations, from the first point."""
    found = curves(report["tables"])
    found = {sweep: rows for sweep, rows in found.items() if min(map(len, rows.values())) > 1}
    if not found:
        return None
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.8 * len(found), 3.4), layout="constrained")
    axes = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for ax, (sweep, rows) in zip(axes, found.items(), strict=True):
        for colour, marker, (name, points) in zip(COLOURS, "osD^vP", rows.items(), strict=False):
            sizes = [point[0] for point in points]
            milliseconds = [1e3 * point[1] for point in points]
            counted = exponent(points, 2)
            text = f"{name}: {exponent(points):.2f} ({counted:.2f})"
            ax.loglog(sizes, milliseconds, f"{marker}-", color=colour, label=text)
            expected = [milliseconds[0] * (size / sizes[0]) ** counted for size in sizes]
            ax.loglog(sizes, expected, "--", color=colour, lw=0.8)
        ax.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=8)
        ax.minorticks_off()
        ax.set(xlabel=sweep)
        ax.spines[["top", "right"]].set_visible(False)
        title = "exponent fitted (counted)"
        ax.legend(frameon=False, fontsize=7.5, title=title, title_fontsize=7.5)
    axes[0].set_ylabel("milliseconds")
    axes[0].set_ylim(top=axes[0].get_ylim()[1] * 6)  # room for the legends
    figure.suptitle("Loss and exact gradient; dashed: growth by counting operations", fontsize=10)
    return figure


def roofline_points(tables):
    """{label: (operations, bytes, seconds)} of our rows, of the largest problem with a label."""
    found = {}
    for table in tables.values():
        row = table.get(OURS, {})
        if "roofline" in row:
            work = row["operations"], row["bytes"], seconds(row)
            found[row["roofline"]] = max(found.get(row["roofline"], work), work)
    return found


def limits_of_machine(tables):
    """Bytes per second of a copy, and operations per second of NumPy's product by dtype."""
    bandwidth = 0.0
    peaks = {}
    for table in tables.values():
        for name, row in table.items():
            if name == "copy" and row.get("bytes"):
                bandwidth = max(bandwidth, row["bytes"] / seconds(row))
            if name == OURS and "own_product" in row:
                speed = 1e9 * row["own_product"]
                peaks[row["dtype"]] = max(peaks.get(row["dtype"], 0.0), speed)
    return bandwidth, peaks


def roofline_figure(report):
    """Operations per second over operations per byte, below the limits of the machine."""
    points = roofline_points(report["tables"])
    bandwidth, peaks = limits_of_machine(report["tables"])
    if not (points and bandwidth and peaks):
        return None
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 4.4), layout="constrained")
    ax = figure.subplots()
    intensity = np.logspace(-1.7, 4, 300)
    for (dtype, peak), style in zip(sorted(peaks.items(), reverse=True), "-:", strict=False):
        limit = np.minimum(peak, bandwidth * intensity) / 1e9
        label = f"limit: a copy; NumPy's product in {dtype}"
        ax.loglog(intensity, limit, style, color="#767676", lw=1.2, label=label)
    styles = zip(COLOURS * 3, "osD^v" * 4, strict=False)
    for (colour, marker), (label, point) in zip(styles, points.items(), strict=False):
        operations, moved, seconds = point
        x = operations / moved
        ax.loglog(x, operations / seconds / 1e9, marker, color=colour, ms=7, label=label)
    ax.set(xlabel="operations per byte that must move", ylabel="10$^9$ operations per second")
    ax.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=7.5, loc="outside right upper")
    return figure


# ------------------------------------------------------------------------------------------- text


def markdown(report, pictures=()):
    """The report as a page; the pictures are those that were drawn."""
    tables = report["tables"]
    machine = ", ".join(f"{name} {value}" for name, value in report["machine"].items())
    lines = [
        "# Benchmarks",
        "",
        "Written by `python -m benchmarks.report`. Times are medians over the rounds of",
        "pytest-benchmark's medians. A ratio is the time of a row over that of the first row,",
        "taken within each round; its median over the rounds stands beside the least and the most.",
        "Every result was compared with the reference before it was timed. A limit computes less",
        "than its table asks for. An own product is the speed of the library at the product of the",
        "data with the dictionary, in 10^9 operations per second: where it is small, the library",
        "does not use this processor well.",
        "",
        f"{report['date']}: {machine}.",
        "",
        *([report["note"], ""] if "note" in report else []),
        *faster_text(tables),
        *limits_text(tables),
        *growth_text(tables, pictures),
    ]
    if "roofline" in pictures:
        lines += ["## Roofline", "", "![roofline](roofline.svg)", ""]
    kernel = None
    for group, table in tables.items():
        if any("sweep" in row for row in table.values()):
            continue
        if group.split(":")[0] != kernel:
            kernel = group.split(":")[0]
            lines += [f"## {kernel[0].upper()}{kernel[1:]}", "", *legend_text(tables, kernel)]
        lines += table_text(group, table)
    return "\n".join(lines).rstrip() + "\n"


def rows_text(head, rows):
    """A Markdown table."""
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(map(str, row)) + " |" for row in rows),
        "",
    ]


def faster_text(tables):
    rows = [
        (group.split(";")[0], name, f"{ratio:.2f} x", reason(group, name))
        for group, name, ratio in faster_rivals(tables)
    ]
    head = ("where", "row", "faster by", "why")
    text = rows_text(head, rows) if rows else ["None was measured.", ""]
    return ["## Faster rivals", "", *text]


def reason(group, name):
    """Why this row is faster; empty where that is not known."""
    text = f"{group}; {name}"
    for words, why in REASONS:
        if all(word in text for word in words):
            return why
    return ""


def limits_text(tables):
    rows = []
    for group, table in tables.items():
        ratios = paired_ratios(table)
        for name, row in table.items():
            if row["is_limit"] and ratios[name]:
                distance = 1 / statistics.median(ratios[name])
                rows.append((group.split(";")[0], name, f"{distance:.2f} x"))
    head = ("where", "limit", "distance of the first row")
    return ["## Distance from the limits", "", *rows_text(head, rows)] if rows else []


def growth_text(tables, pictures):
    rows = []
    for sweep, lines in curves(tables).items():
        for name, points in lines.items():
            if len(points) > 1:
                exponents = [f"{exponent(points, column):.2f}" for column in (1, 2, 3)]
                rows.append((sweep, name, *exponents))
    if not rows:
        return []
    head = ("size", "row", "exponent fitted", "by operations", "by bytes")
    picture = ["![scaling](scaling.svg)", ""] if "scaling" in pictures else []
    return ["## Growth of the shallow gradient", "", *rows_text(head, rows), *picture]


def legend_text(tables, kernel):
    """What the rows of a kernel's tables stand for."""
    legends = {}
    for group, table in tables.items():
        if group.split(":")[0] == kernel:
            legends |= {name: row["legend"] for name, row in table.items()}
    return [*(f"- **{name}**: {legend}" for name, legend in legends.items()), ""]


def table_text(group, table):
    """One table: the first row is that which the others are divided by."""
    title, _, blas = group.split(": ", 1)[1].partition("; ")
    active = next((row["active"] for row in table.values() if "active" in row), None)
    share = "" if active is None else f" {active:.2%} of the groups are active."
    ratios = paired_ratios(table)
    first = base_of(table)
    rows = []
    for name in sorted(table, key=lambda name: name != first):
        row = table[name]
        spread = ["", "", ""]
        if ratios[name]:
            middle = statistics.median(ratios[name])
            spread = [f"{x:.2f}" for x in (middle, min(ratios[name]), max(ratios[name]))]
        milliseconds = f"{1e3 * seconds(row):.3g}"
        facts = [row.get("extra_MiB", ""), row.get("own_product", "")]
        rows.append((name, milliseconds, *spread, *facts))
    head = ("", "ms", f"x {first}", "least", "most", "extra MiB", "own product")
    return [f"### {title}", "", f"BLAS: {blas}.{share}", "", *rows_text(head, rows)]


if __name__ == "__main__":
    sys.exit(main())
