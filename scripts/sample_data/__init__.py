"""The sample data: a plan of invented dossiers, and their logs as each unit's system sends them."""
