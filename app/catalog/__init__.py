"""Reference data: regions, specialities, the title tree, checklists, eligibility, settings."""
