"""Run mutmut with three more kinds of change: of transposes, of the order of gates, of arguments.

`tools/mutants.py` starts this in a folder of its own, which holds the package, its tests and a setup.cfg.
"""

import sys
from collections.abc import Iterator
from itertools import pairwise

import libcst as cst
from mutmut.mutation.mutators import mutation_operators


def without_transpose(node: cst.Attribute) -> Iterator[cst.BaseExpression]:
    """Change ``W.T`` to ``W``."""
    if node.attr.value == "T":
        yield node.value


def without_swapped_axes(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """Change ``x.swapaxes(0, 1)`` to ``x``."""
    if isinstance(node.func, cst.Attribute) and node.func.attr.value == "swapaxes":
        yield node.func.value


def with_transpose(node: cst.BinaryOperation) -> Iterator[cst.BinaryOperation]:
    """Change ``h @ W`` to ``h.T @ W`` and to ``h @ W.T``."""
    if isinstance(node.operator, cst.MatrixMultiply):
        for side in ("left", "right"):
            operand = getattr(node, side)
            if isinstance(operand, cst.Name):
                yield node.with_changes(**{side: cst.Attribute(operand, cst.Name("T"))})


def neighbours_swapped(node: cst.Tuple | cst.List) -> Iterator[cst.BaseExpression]:
    """Change ``i, f, g, o = ...`` to ``f, i, g, o = ...`` and so on, on either side of the sign."""
    for elements in swapped(list(node.elements)):
        yield node.with_changes(elements=elements)


def arguments_swapped(node: cst.Call) -> Iterator[cst.Call]:
    """Change ``LSTMState(h, c)`` to ``LSTMState(c, h)`` and so on."""
    if isinstance(node.func, cst.Name) and node.func.value[0].isupper():
        for arguments in swapped(list(node.args)):
            yield node.with_changes(args=arguments)


def swapped(parts: list[cst.CSTNode]) -> Iterator[list[cst.CSTNode]]:
    """Swap two names that follow each other, in every way."""
    for place, (one, other) in enumerate(pairwise(parts)):
        names = [part.value.value for part in (one, other) if isinstance(part.value, cst.Name)]
        if len(names) == 2 and names[0] != names[1]:
            pair = [one.with_changes(value=other.value), other.with_changes(value=one.value)]
            yield [*parts[:place], *pair, *parts[place + 2 :]]


OPERATORS = [
    (cst.Attribute, without_transpose),
    (cst.Call, without_swapped_axes),
    (cst.BinaryOperation, with_transpose),
    (cst.Tuple, neighbours_swapped),
    (cst.List, neighbours_swapped),
    (cst.Call, arguments_swapped),
]

if __name__ == "__main__":
    mutation_operators.extend(OPERATORS)
    from mutmut.__main__ import cli  # reads setup.cfg, so not before this runs

    cli(sys.argv[1:])
