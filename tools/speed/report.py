"""The comparison as a table in text, as Markdown and as JSON. It must not know how to measure."""

from decimal import Decimal

NOTES = {
    "cofferdam screen": "the screening kernel, bars in memory: rules, orders, equity at every close, figures",
    "cofferdam engine": "the whole command: reading the file, gate, ledger, venue, all figures, the report",
    "backtesting.py": "Backtest.run, bars in memory, with its figures; floating point, fees not rounded",
    "vectorbt": "signals, Portfolio.from_signals and final_value, bars in memory, compiled before; floating "
    "point, neither sizes nor fees rounded",
}

BEGIN, END = "<!-- tools/speed/compare --write: begin -->", "<!-- end -->"


def rate(value):
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def time(seconds):
    for size, unit in ((1, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def grouped(count):
    return f"{count:,}".replace(",", " ")


def amount(value):
    return f"{value:.8f}"


def apart(equity, reference):
    """How far a final equity lies from the reference."""
    difference = Decimal(equity) - reference
    return "equal" if difference == 0 else f"{float(difference):+.2g}"


def single_rows(runs):
    for run in runs:
        yield (grouped(run["bars"]), "exact reference", "", "", amount(run["reference"]["equity"]), "")
        for name, told in run["programs"].items():
            if "skipped" in told:
                yield ("", name, "", "", "", told["skipped"])
                continue
            seconds, equity = told["seconds"], told["equity"]
            difference = apart(equity, run["reference"]["equity"])
            yield ("", name, time(seconds), rate(run["bars"] / seconds), amount(equity), difference)


def sweep_rows(sweep):
    work = sweep["sets"] * sweep["bars"]
    for told in sweep["programs"]:
        equal = f"{grouped(told['equal'])} of {grouped(sweep['sets'])}"
        seconds, speed = time(told["seconds"]), rate(work / told["seconds"])
        yield (told["program"], str(told["threads"]), seconds, speed, equal, f"{float(told['off_most']):.3g}")


def tables(result):
    """[(title, heads, rows)]"""
    made = []
    if result["runs"]:
        fees = ", ".join(f"{run['fee']} over {grouped(run['bars'])} bars" for run in result["runs"])
        heads = ("bars", "program", "time", "bars/s", "final equity", "off the reference")
        made.append((f"One run (fee of {fees})", heads, list(single_rows(result["runs"]))))
    if sweep := result["sweep"]:
        title = f"{grouped(sweep['sets'])} sets over {grouped(sweep['bars'])} bars (fee of {sweep['fee']})"
        heads = ("program", "threads", "time", "set·bars/s", "equal to the cent", "furthest off")
        made.append((title, heads, list(sweep_rows(sweep))))
    return made


def machine(result):
    told = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return f"{told['cores']} cores ({told['processor']}); {versions}"


def text(result):
    lines = [machine(result)]
    for title, heads, rows in tables(result):
        widths = [max(len(row[k]) for row in [heads, *rows]) for k in range(len(heads))]
        lines += ["", title, ""]
        for row in [heads, *rows]:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append("  ".join(cells).rstrip())
    lines += ["", *(f"{name}: {note}" for name, note in NOTES.items())]
    return "\n".join(lines + ["", verdict(result)])


def markdown(result):
    lines = [machine(result)]
    for title, heads, rows in tables(result):
        marked = ["| " + " | ".join(row) + " |" for row in [heads, ["---"] * len(heads), *rows]]
        lines += ["", f"{title}:", "", *marked]
    return "\n".join(lines)


def renewable(page):
    return page.count(BEGIN) == 1 and page.count(END) == 1 and page.index(BEGIN) < page.index(END)


def renewed(page, result):
    """The page with these tables between its marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{markdown(result)}\n{END}{after}"


def verdict(result):
    if not result["differences"]:
        return "Cofferdam equals the exact reference to the last decimal."
    lines = ["Cofferdam differs from the exact reference:", *result["differences"]]
    return "\n  ".join(lines)
