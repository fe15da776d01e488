"""A span whose P&L is all covered."""

import numpy as np

from auditor.coverage.split import all_covered


def test_all_covered_leaves_nothing_new_and_pays_for_nothing():
    total = np.array([0.01, -0.02, 0.03])
    found = all_covered(total, ("base",), "tuned is the base, resized")
    np.testing.assert_array_equal(found.covered, total)
    assert found.new.tolist() == [0.0, 0.0, 0.0]
    assert found.names == ("base",)
    # one coefficient at least, and no error that an estimate would add
    assert (found.r_squared, found.parameters, found.error_factor, found.booked) == (1.0, 1, 1.0, False)
    assert found.nothing_new == "tuned is the base, resized"
