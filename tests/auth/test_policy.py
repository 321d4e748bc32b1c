"""Who may do what: the table of domain.md §7, written by hand, asked of one feedback and of the database alike."""

from itertools import product

import pytest
from sqlalchemy import column, select, values
from sqlalchemy.types import BigInteger, Text

from auth.actions import Action, Everyone, Granted
from auth.actor import Actor, Anonymous, ApiClient, Grant, Resident, Role, System, actor_id, actor_kind
from auth.models import ROLES
from auth.policy import Target, may, reach, require, visible, visible_to_grants
from factories.auth import ADMIN, AUDITOR, PUBLISHER, handler_of, lead_of, staff_actor
from kernel.errors import NotAllowed, NotAuthenticated, NotFound
from tenancy.registry import Registry
from tenancy.session import Database

OWN = Target(id=1, unit="street_maintenance", department="urban_engineering")
SIBLING = Target(id=2, unit="parks", department="urban_engineering")
OTHER = Target(id=3, unit="library", department="education")
TARGETS = {"own": OWN, "sibling": SIBLING, "other": OTHER}

ACTORS: dict[str, Actor] = {
    "nobody": Anonymous(),
    "sender": Resident(OWN.id),
    "handler": staff_actor(handler_of("street_maintenance")),
    "lead": staff_actor(lead_of("urban_engineering")),
    "publisher": staff_actor(PUBLISHER),
    "admin": staff_actor(ADMIN),
    "auditor": staff_actor(AUDITOR),
    "no role": staff_actor(),
}

EVERY = {"own", "sibling", "other"}
HANDLING = {"handler": {"own"}, "lead": {"own", "sibling"}}
READING = {**HANDLING, "publisher": EVERY}
SENDING = {"sender": {"own"}}

# Action → actor → on which of the three. Who is not listed may do it to none.
TABLE: dict[str, dict[str, set[str]]] = {
    "read_public": dict.fromkeys(ACTORS, EVERY),
    "submit_feedback": dict.fromkeys(ACTORS, EVERY),
    "read_own_feedback": SENDING,
    "write_message": SENDING,
    "change_permission": SENDING,
    "list_feedback": READING,
    "read_feedback": READING,
    "read_contact": HANDLING,
    "assign": HANDLING,
    "transfer": HANDLING,
    "answer": HANDLING,
    "interim_reply": HANDLING,
    "ask_sender": HANDLING,
    "comment": HANDLING,
    "change_status": HANDLING,
    "merge": HANDLING,
    "propose_publication": READING,
    "see_publication_queue": {"publisher": EVERY},
    "decide_publication": {"publisher": EVERY},
    "manage_users": {"admin": EVERY},
    "read_audit": {"auditor": EVERY},
}


def test_every_action_is_in_the_table() -> None:
    assert {action.value for action in Action} == set(TABLE)


def test_the_roles_of_the_code_are_those_of_the_table_in_the_database() -> None:
    assert tuple(role.value for role in Role) == ROLES


@pytest.mark.parametrize("action", list(Action), ids=lambda action: action.value)
@pytest.mark.parametrize("who", ACTORS)
def test_the_policy_says_what_the_table_says(who: str, action: Action) -> None:
    allowed = TABLE[action.value].get(who, set())
    for name, target in TARGETS.items():
        assert may(ACTORS[who], action, target) == (name in allowed), name
    assert may(ACTORS[who], action) == bool(allowed)


@pytest.mark.parametrize("action", list(Action), ids=lambda action: action.value)
@pytest.mark.parametrize("who", ACTORS)
def test_require_returns_exactly_when_the_action_may_be_done(who: str, action: Action) -> None:
    for target in (None, *TARGETS.values()):
        try:
            require(ACTORS[who], action, target)
            refused = False
        except (NotAuthenticated, NotFound, NotAllowed):
            refused = True
        assert refused != may(ACTORS[who], action, target)


@pytest.mark.parametrize(
    ("who", "action", "target", "error"),
    [
        ("nobody", Action.ANSWER, OWN, NotAuthenticated),
        ("nobody", Action.WRITE_MESSAGE, OWN, NotAuthenticated),
        ("sender", Action.ANSWER, OWN, NotAuthenticated),
        ("sender", Action.READ_OWN_FEEDBACK, OTHER, NotFound),
        ("handler", Action.ANSWER, OTHER, NotFound),
        ("handler", Action.READ_FEEDBACK, SIBLING, NotFound),
        ("handler", Action.DECIDE_PUBLICATION, OWN, NotAllowed),
        ("handler", Action.WRITE_MESSAGE, OWN, NotAllowed),
        ("lead", Action.ANSWER, OTHER, NotFound),
        ("publisher", Action.ANSWER, OWN, NotAllowed),
        ("publisher", Action.READ_CONTACT, OWN, NotAllowed),
        ("admin", Action.READ_FEEDBACK, OWN, NotAllowed),
        ("auditor", Action.LIST_FEEDBACK, None, NotAllowed),
        ("no role", Action.LIST_FEEDBACK, None, NotAllowed),
    ],
)
def test_a_refusal_says_whether_to_sign_in_or_that_it_is_not_theirs_or_nothing_at_all(
    who: str, action: Action, target: Target | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        require(ACTORS[who], action, target)


@pytest.mark.parametrize("action", [action for action in Action if isinstance(action.rule, Granted)])
@pytest.mark.parametrize("who", [who for who in ACTORS if who not in {"nobody", "sender"}])
def test_a_feedback_out_of_sight_is_answered_like_one_that_does_not_exist(who: str, action: Action) -> None:
    actor = ACTORS[who]
    for target in TARGETS.values():
        if may(actor, Action.READ_FEEDBACK, target) or may(actor, action, target):
            continue
        # What the loader does when there is no row: `require` without a target, then NotFound.
        expected = NotFound if may(actor, action) else NotAllowed
        with pytest.raises(expected):
            require(actor, action, target)


def test_roles_add_up() -> None:
    actor = staff_actor(handler_of("street_maintenance"), handler_of("library"), PUBLISHER)
    assert may(actor, Action.ANSWER, OWN)
    assert may(actor, Action.ANSWER, OTHER)
    assert not may(actor, Action.ANSWER, SIBLING)
    with pytest.raises(NotAllowed):
        require(actor, Action.ANSWER, SIBLING)


@pytest.mark.parametrize("grant", [Grant(Role.HANDLER), Grant(Role.LEAD), Grant(Role.HANDLER, department="education")])
def test_a_grant_that_names_no_place_reaches_nothing(grant: Grant) -> None:
    assert not any(may(staff_actor(grant), action, OTHER) for action in Action if isinstance(action.rule, Granted))


def test_work_is_assigned_to_those_who_may_answer_it() -> None:
    assert visible_to_grants([handler_of("street_maintenance")], OWN)
    assert visible_to_grants([lead_of("urban_engineering")], OWN)
    assert not visible_to_grants([handler_of("library"), PUBLISHER, ADMIN, AUDITOR], OWN)


def test_the_service_itself_may_do_everything() -> None:
    assert all(may(System("worker"), action, OTHER) for action in Action)


def test_an_api_client_may_do_what_its_scopes_name_and_what_everyone_may() -> None:
    client = ApiClient(id=7, name="a map", scopes=("read_feedback", "write_message"))
    may_do = {action for action in Action if may(client, action, OTHER)}
    assert may_do == {Action.READ_FEEDBACK, Action.READ_PUBLIC, Action.SUBMIT_FEEDBACK}


@pytest.mark.parametrize(
    ("actor", "kind", "number"),
    [
        (Anonymous(), "resident", None),
        (Resident(3), "resident", None),
        (staff_actor(staff_id=5), "staff", 5),
        (ApiClient(id=7, name="a map"), "api_client", 7),
        (System("worker"), "system", None),
    ],
)
def test_history_and_audit_know_an_actor_by_kind_and_account(actor: Actor, kind: str, number: int | None) -> None:
    assert (actor_kind(actor), actor_id(actor)) == (kind, number)


async def test_lists_show_exactly_the_rows_the_policy_permits_one_by_one(
    database: Database, registry: Registry
) -> None:
    rows = values(
        column("id", BigInteger), column("unit", Text), column("department", Text), name="feedback_rows"
    ).data([(target.id, target.unit, target.department) for target in TARGETS.values()])
    actors = [*ACTORS.values(), System("worker"), staff_actor(handler_of("library"), lead_of("urban_engineering"))]
    for tenant in registry.all():
        async with database.transaction(tenant, read_only=True) as session:
            for actor, action in product(actors, Action):
                condition = visible(actor, action, unit=rows.c.unit, department=rows.c.department, id_column=rows.c.id)
                found = (await session.execute(select(rows.c.id).where(condition).order_by(rows.c.id))).scalars().all()
                expected = [target.id for target in TARGETS.values() if may(actor, action, target)]
                assert found == expected, (actor, action)


def test_only_what_is_open_to_everyone_reaches_everywhere_without_a_role() -> None:
    for action in Action:
        assert reach(Anonymous(), action).everywhere == isinstance(action.rule, Everyone)
