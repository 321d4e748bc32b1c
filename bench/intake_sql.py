"""The intake statement as pgbench runs it: the very text of `feedback.repository.INTAKE`, values for its parameters.

Same round trips as the service: one for BEGIN with role, path and time limit (a pipeline, since a prepared statement
holds one command), one for the statement, one for COMMIT. What differs, all of it in pgbench's favour or of no weight:

* the server makes the hashes (`sha256` of a random number), the service's client sends them;
* what is the same in every request is a literal in the text, so one parameter is bound instead of 33;
* each tenant's script has a prepared statement of its own, so a change of tenant does not make the server plan again.
"""

import re

from feedback.repository import INTAKE
from tenancy.session import STATEMENT_TIMEOUT_MS
from tenancy.tenant import Tenant

_PATH = '["$ root: always","$.rules[5]: always","category kirjasto belongs to kirjasto","→ kirjasto (elinvoima)"]'
_CHANGES = (
    '{"unit":[null,"kirjasto"],"kind":[null,"question"],"category":[null,"kirjasto"],"channel":[null,"api"],'
    '"due_at":[null,"2026-12-01T10:00:00+00:00"],"answer_promised":[null,true]}'
)
# Position of the parameter → what stands in its place.
_VALUES = {
    1: "'KER-2026-'::text",
    2: "sha256(convert_to('t' || :n, 'UTF8'))",
    3: "sha256(convert_to('i' || :n, 'UTF8'))",
    4: "sha256(convert_to('r' || :n, 'UTF8'))",
    5: "'question'",
    6: "'kirjasto'",
    7: "'api'",
    8: "'Onko kirjasto auki pyhäinpäivänä ja mihin aikaan? ' || :n",
    9: "'fi'",
    10: "60.4034::float8",
    11: "25.1011::float8",
    12: "'Paasikivenkatu'",
    13: "'kirjasto'",
    14: "'elinvoima'",
    15: "true",
    16: "true",
    17: "5",
    18: "'anonymous'",
    19: "null",
    20: "now()",
    21: "now() + interval '7 days'",
    22: "null::date",
    23: "null::text",
    24: "'own@example.org'::text",
    25: "null::text",
    26: "true",
    27: f"'{_PATH}'",
    28: f"'{'c' * 64}'",
    29: "'resident'",
    30: "null",
    31: f"'{_CHANGES}'",
    32: "'0123456789abcdef'",
    33: "'feedback_received'",
}


def script(tenant: Tenant) -> str:
    """A pgbench script for one tenant."""
    statement = re.sub(r"\$(\d+)", lambda found: _VALUES[int(found.group(1))], INTAKE.strip())
    return "\n".join(
        [
            "\\set n random(1, 9000000000000000)",
            "\\startpipeline",
            "BEGIN;",
            f"SET LOCAL ROLE {tenant.role};",
            f"SET LOCAL search_path = {tenant.schema}, pg_temp;",
            f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS};",
            "\\endpipeline",
            " ".join(statement.split()) + ";",
            "COMMIT;",
            "",
        ]
    )
