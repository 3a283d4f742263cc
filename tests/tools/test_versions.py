"""The two ends of what is allowed can be installed: each promised package names its lowest release."""

import re

from tools.versions import promised


def test_every_promised_package_has_a_lowest_release() -> None:
    lowest = promised("oldest")
    assert {"numpy", "tensorflow", "torch"} <= {line.partition("==")[0] for line in lowest}
    assert [line for line in lowest if not re.fullmatch(r"[\w-]+==[\d.]+", line)] == []
    assert [line.replace("==", ">=") for line in lowest] == promised("newest")
