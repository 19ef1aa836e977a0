"""Table and plot of what was measured."""
import html

COLUMNS = "{:16} {:>7} {:>7} {:>9} {:>7} {:>9} {:>9} {:>9} {:>7} {:>8} {:>6}"


def heading():
    return COLUMNS.format("scenario", "bound s", "last s", "effic.", "promise", "first s", "all s", "overhead", "twice", "MB/s", "CPU")


def row(outcome):
    """What came out of a scenario, and below it what the lines carried upwards: how full they were, which the least, and how much of it was acknowledgements."""
    full = {name: sum(shares) / max(1, len(shares)) for name, shares in outcome["uplinks"].items()}
    least = min(full, key=full.get)
    below = (
        f"\n  uplinks {outcome['used']:.3f} full, {least} the least ({full[least]:.3f}); "
        f"packets without data {100 * outcome['bare']:.1f} % of what they carried")
    mark = "" if outcome["efficiency"] >= outcome["promise"] else " !"
    return COLUMNS.format(
        outcome["name"], f"{outcome['bound']:.1f}", f"{outcome['last']:.1f}", f"{outcome['efficiency']:.3f}{mark}", f"{outcome['promise']:.2f}",
        f"{outcome['first']:.2f}", f"{outcome['everywhere']:.2f}", f"{100 * outcome['overhead']:.1f} %", f"{100 * outcome['twice']:.1f} %", f"{outcome['rate'] / 1e6:.2f}", f"{100 * outcome['cpu']:.0f} %") + below


def plot(outcomes, path):
    """Time of each receiver, as a bar, against the bound, as a line: an SVG file."""
    height, left, width = 18, 190, 640
    longest = max([1] + [max(o["seconds"] + [o["bound"]]) for o in outcomes])
    lines, top = [], 30
    for outcome in outcomes:
        begin = top
        for index, seconds in enumerate(outcome["seconds"]):
            starts = outcome["starts"][index]
            x, end = left + width * starts / longest, left + width * seconds / longest
            lines.append(f'<rect x="{x:.1f}" y="{top + 2}" width="{max(0, end - x):.1f}" height="{height - 4}" fill="#4477aa"/>')
            lines.append(f'<text x="{end + 4:.1f}" y="{top + 13}" font-size="11">{seconds:.1f}</text>')
            top += height
        at = left + width * outcome["bound"] / longest
        lines.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{begin - 3}" y2="{top + 3}" stroke="#cc3311" stroke-width="2"/>')
        label = f"{outcome['name']}: {outcome['efficiency']:.3f}"
        lines.append(f'<text x="{left - 8}" y="{begin + 13}" font-size="12" text-anchor="end">{html.escape(label)}</text>')
        top += 12
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}" height="{top + 10}" font-family="sans-serif">'
            f'<text x="8" y="18" font-size="12">Seconds of each receiver (bars) and the bound (red); beside the name the efficiency</text>{"".join(lines)}</svg>\n')
