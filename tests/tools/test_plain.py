import pytest

from tools.plain import Names, UnknownMarkup, plain

NAMES = Names(
    glued={"test-accuracy": "98.4%"},
    documents={"/notebooks/01_order_matters": "Why order matters", "/book/notation": "Notation"},
    labels={"order-ex": "Swap two words", "order-unrolled": "The unrolled picture"},
    citations={"elman1990": ("Elman", "1990"), "cho2014": ("Cho et al.", "2014")},
    claims={"order-counts": "order counts"},
)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("It is {glue:text}`test-accuracy`.", "It is 98.4%."),
        ("See {doc}`/notebooks/01_order_matters`.", "See [Why order matters](01_order_matters.ipynb)."),
        ("See {doc}`the start </notebooks/01_order_matters>`.", "See [the start](01_order_matters.ipynb)."),
        ("See {doc}`/book/notation`.", "See *Notation*."),
        ("See {ref}`order-unrolled`.", "See The unrolled picture."),
        ("See {ref}`above <order-unrolled>`.", "See above."),
        (
            "{cite:t}`elman1990` began it {cite:p}`elman1990,cho2014`.",
            "Elman (1990) began it (Elman, 1990; Cho et al., 2014).",
        ),
        ("Proved: {claim}`order-counts`.", "Proved: order counts."),
        ("(order-unrolled)=\n## The unrolled picture", "## The unrolled picture"),
        ("```{note}\nMind it.\n```", "> **Note**\n>\n> Mind it."),
        ("```{admonition} Guess\n:class: tip\nHow many?\n```", "> **Guess**\n>\n> How many?"),
        ("```{exercise} Swap\n:label: order-ex\nDo it.\n```", "> **Exercise: Swap**\n>\n> Do it."),
        ("```{solution-start} order-ex\n:class: dropdown\n```", "**Solution: Swap two words**"),
        ("```{solution-end}\n```", ""),
        ("````{note}\n```{math}\nx^2\n```\n````", "> **Note**\n>\n> $$\n> x^2\n> $$"),
        ("```python\nx = {1: 2}\n```", "```python\nx = {1: 2}\n```"),
    ],
)
def test_markup_becomes_plain(markup: str, expected: str) -> None:
    assert plain(markup, NAMES) == expected


@pytest.mark.parametrize("markup", ["{nope}`x`", "{glue:text}`missing`", "```{figure} a.png\n```", "```{note}\nno end"])
def test_markup_without_a_plain_form_is_an_error(markup: str) -> None:
    with pytest.raises(UnknownMarkup):
        plain(markup, NAMES)
