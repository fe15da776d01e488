"""The short version of size.py: no test rejects a true null more often than it says, within three errors."""

import pytest
from nulls import FAMILIES
from size import error_of, one_setting

pytestmark = pytest.mark.calibration


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("n", "worlds"), [(60, 600), (252, 400)])
def test_rejection_rates_stay_nominal(family, n, worlds):
    for row in one_setting((family, 0.9, n, worlds, 299, 7)):
        for level in (0.05, 0.10):
            rate = row[f"rate_{level:.2f}"]
            assert rate <= level + 3 * error_of(level, worlds), row
