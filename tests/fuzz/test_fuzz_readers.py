"""A short run of every reader on forged and damaged files; `make fuzz` runs as long as it is told."""

import pytest
from hypothesis import HealthCheck, given, settings
from registry import READERS


@pytest.mark.parametrize("name", READERS)
def test_what_is_read_is_what_was_written_and_the_rest_is_refused(name):
    """Whole files are read exactly, damaged ones refused or read as another reader reads them."""
    cases, check = READERS[name]
    settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))(
        given(cases)(check)
    )()
