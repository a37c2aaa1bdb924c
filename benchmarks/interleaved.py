"""Times several callables against each other: repetitions taken in turn, medians, and ratios pair by pair.

Times are those of this process alone, which other programs on the machine disturb least.
"""

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
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    return seconds


def report(title, seconds, ours, peer, goal):
    """Print the medians and the ratio ours/peer, median and middle half of the repetitions."""
    ratios = [own / other for own, other in zip(seconds[ours], seconds[peer])]
    print(f"{title}")
    for name, times in seconds.items():
        print(f"  {name:<28} median {statistics.median(times) * 1e3:9.2f} ms")
    low, median, high = statistics.quantiles(ratios, n=4)
    print(
        f"  {ours} / {peer}: median {median:.3f}, half of them from {low:.3f} to {high:.3f}; the goal is at "
        f"most {goal}"
    )
