"""The table of states, pinned by hand against the product's promise (one row a line, as it is written there)."""

import itertools

import pytest

from feedback.status import CLOSED, OPEN, TRANSITIONS, Status, StatusChangeRefused, require_transition

PROMISED = {
    "received": "in_progress waiting_for_resident planned answered handled transferred rejected merged",
    "in_progress": "received waiting_for_resident planned answered handled transferred rejected merged",
    "waiting_for_resident": "in_progress answered handled transferred rejected merged",
    "planned": "in_progress answered handled transferred merged",
    "answered": "in_progress",
    "handled": "in_progress",
    "transferred": "in_progress",
    "rejected": "received",
    "merged": "received",
}


def test_the_table_allows_exactly_the_changes_that_were_promised() -> None:
    table = {str(before): {str(after) for after in afters} for before, afters in TRANSITIONS.items()}
    assert table == {before: set(afters.split()) for before, afters in PROMISED.items()}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(Status, Status)))
def test_every_change_outside_the_table_is_refused_and_names_both_states(before: Status, after: Status) -> None:
    if after.value in PROMISED[before.value].split():
        require_transition(before, after)
    else:
        with pytest.raises(StatusChangeRefused) as refused:
            require_transition(before, after)
        assert refused.value.fields == {"before": before.value, "after": after.value}


def test_the_first_four_states_are_open_and_the_rest_closed() -> None:
    assert {str(state) for state in OPEN} == {"received", "in_progress", "waiting_for_resident", "planned"}
    assert set(Status) == OPEN | CLOSED
    assert not OPEN & CLOSED
