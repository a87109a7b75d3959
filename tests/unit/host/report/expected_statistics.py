#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes expected_statistics.tsv: what scipy makes of pairs of samples.

Run it with a Python that has scipy (1.17 was used), in this folder; its output is stored beside it. Columns: the two
samples; of `after` the mean and the standard deviation; of the paired differences the mean, the 95 % and the 80 %
interval and the p-value; last a family of p-values, corrected by Holm's method.
"""

import math
import random

import numpy
from scipy import stats


def holm(p_values: list[float]) -> list[float]:
    """The definition, by the sets of hypotheses that are still open (scipy has no Holm)."""
    corrected = []
    for p in p_values:
        reached = [q for q in p_values if q <= p]
        corrected.append(max(min(1.0, q * sum(other >= q for other in p_values)) for q in reached))
    return corrected


def row(before: list[float], after: list[float]) -> str:
    differences = numpy.subtract(after, before)
    test = stats.ttest_rel(after, before)
    numbers = [
        [*test.confidence_interval(0.95)],
        [*test.confidence_interval(0.80)],
    ]
    cells = [before, after, [numpy.mean(after)], [numpy.std(after, ddof=1)], [numpy.mean(differences)], *numbers,
             [test.pvalue]]
    family = [float(stats.ttest_rel(after[: k + 2], before[: k + 2]).pvalue) for k in range(min(8, len(after) - 1))]
    cells += [family, holm(family)]
    assert all(math.isfinite(number) for cell in cells for number in cell)
    return "\t".join(",".join(repr(float(number)) for number in cell) for cell in cells)


def main() -> None:
    generator = random.Random(1)
    samples = [
        ([0.981, 0.975, 0.986, 0.978, 0.983], [0.986, 0.983, 0.986, 0.981, 0.989]),
        ([1.0, 2.0], [1.5, 4.0]),
        ([1e6 + 1, 1e6 + 2, 1e6 + 4], [1e6 + 2, 1e6 + 1, 1e6 + 9]),
    ]
    for count in (3, 5, 10, 30, 100):
        before = [generator.gauss(0.9, 0.05) for _ in range(count)]
        samples.append((before, [value + generator.gauss(0.01, 0.02) for value in before]))
    with open("expected_statistics.tsv", "w", encoding="utf-8") as file:
        file.writelines(row(*pair) + "\n" for pair in samples)


if __name__ == "__main__":
    main()
