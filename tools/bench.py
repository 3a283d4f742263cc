"""Print what the book and its library are held to, and what was measured (`make bench`).

First the runs are done that are not stored: on a machine of your own, delete ``benchmarks/results/`` of the two
studies before, and keep the machine quiet for two hours.  The same stands on a page of the book.
"""

import argparse

from rnn_utils import recall
from tools.bars import STUDIES, bars, machines
from tools.study import complete


def main() -> None:
    """Do what is left of the studies, and print a line a bar."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for study in STUDIES:
        complete(study, 1)
    studies = list(map(recall, STUDIES))
    for bar in bars(*studies):
        print(f"{bar.asked:<56} {bar.said():>8}  {bar.holds:<2} {bar.bar:g} {bar.unit:<3} {bar.verdict()}")
    print("\n".join(machines(studies)))


if __name__ == "__main__":
    main()
