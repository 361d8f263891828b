"""What every domain stands on: database, scope, workflow, audit, clock, errors, jobs, storage."""
