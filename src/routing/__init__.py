"""From the facts of a feedback to one unit of one department, by the tenant's tree. Pure: no database, HTTP, clock."""
