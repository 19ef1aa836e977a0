"""The times that no schedule can beat (../shared facts: Kumar and Ross 2006; Mundinger, Weber and Weiss 2008), in seconds; rates in bytes a second."""


def together(length, sources, ups, downs):
    """All receivers begin at once."""
    return max(length / sum(sources), length / min(downs), len(ups) * length / (sum(sources) + sum(ups)))


def staggered(length, sources, ups, downs, starts):
    """Each receiver begins at its own time; the last to end. For each k: the last k need k·F after the first of them is there."""
    latest = starts[0] + length / sum(sources)
    for first in range(len(starts)):
        left, time = (len(starts) - first) * length, starts[first]
        rate = sum(sources) + (sum(ups[:first + 1]) if first else 0)
        for following in range(first + 1, len(starts)):
            left -= rate * (starts[following] - time)
            time = starts[following]
            rate += ups[following] + (ups[0] if first == 0 and following == 1 else 0)
        latest = max(latest, time + left / rate, starts[first] + length / downs[first])
    return latest


def cut(length, sources, ups, downs, at):
    """The line of the last source is cut at a time; what went before went as fast as it can."""
    whole = together(length, sources, ups, downs)
    count, rate = len(ups), sum(sources) + sum(ups)
    used = min(rate, count * length / whole)
    return at + max(
        (length - at * sum(sources)) / sum(sources[:-1]),
        (count * length - at * used) / (rate - sources[-1]),
        (length - at * min(min(downs), sum(sources))) / min(downs))
