"""Who the tenants are, and the one way into a tenant's data."""
