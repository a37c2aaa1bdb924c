"""Times several callables against each other: repetitions taken in turn, medians, and ratios pair by pair."""

import statistics
import time


def interleaved(candidates, repetitions=15):
    """Seconds of each candidate, name -> list: every repetition runs all of them once, so that noise hits
    all alike.
    """
    seconds = {name: [] for name in candidates}
    for run in candidates.values():
        run()
    for _ in range(repetitions):
        for name, run in candidates.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def report(title, seconds, ours, peer, goal):
    """Print the medians and the ratio ours/peer, median and range over the repetitions."""
    ratios = [own / other for own, other in zip(seconds[ours], seconds[peer])]
    print(f"{title}")
    for name, times in seconds.items():
        print(f"  {name:<28} median {statistics.median(times) * 1e3:9.2f} ms")
    print(
        f"  {ours} / {peer}: median {statistics.median(ratios):.3f}, "
        f"from {min(ratios):.3f} to {max(ratios):.3f}; the goal is at most {goal}"
    )
